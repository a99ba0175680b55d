import type { Server } from 'node:http';
import type { Socket } from 'node:net';
import { type Duplex, duplexPair } from 'node:stream';
import { type SecureContext, TLSSocket } from 'node:tls';
import { closeServer, listenOnLoopback } from '../api/http-exchange.ts';

/** How every connection of HTTP/2 begins. Source: RFC 9113, section 3.4. */
const preface = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n');

/** How every connection of TLS begins: a handshake record. Source: RFC 8446, section 5.1. */
const handshake = 22;

/** What a connection speaks. */
type Protocol = 'http1' | 'http2' | 'tls';

/** How a port serves besides plain HTTP. */
interface OnePortOptions {
  /** How long a connection may take to show which protocol it speaks; 30 s. */
  readonly silenceMs?: number;
  /** The certificate for TLS; without it TLS is not spoken. */
  readonly tls?: SecureContext | undefined;
}

/** Speaks HTTP/2 on a connection until it closes; `drop` breaks it. */
export type SpeakHttp2 = (connection: Duplex, drop: () => void) => void;

/** One port for HTTP/1.1 and HTTP/2, in plain text and over TLS: a connection's first bytes say which it is. */
export class OnePort {
  readonly #http1: Server;
  readonly #speakHttp2: SpeakHttp2;
  readonly #sockets = new Set<Socket>();
  readonly #acceptHttp1: (connection: Duplex) => void;
  readonly #tls: SecureContext | undefined;
  readonly #silenceMs: number;

  constructor(http1: Server, speakHttp2: SpeakHttp2, options: OnePortOptions = {}) {
    const { silenceMs = 30_000, tls } = options;
    this.#http1 = http1;
    this.#speakHttp2 = speakHttp2;
    this.#tls = tls;
    this.#silenceMs = silenceMs;
    const accept = http1.listeners('connection');
    http1.removeAllListeners('connection');
    this.#acceptHttp1 = (connection) => {
      for (const listener of accept) Reflect.apply(listener, http1, [connection]);
    };
    http1.on('connection', (socket: Socket) => {
      this.#keep(socket);
      sniff(socket, silenceMs, (protocol) => {
        this.#accept(socket, protocol);
      });
    });
  }

  /** Serves on a port of loopback, a free one for 0; returns the address. */
  listen(port: number): Promise<string> {
    return listenOnLoopback(this.#http1, port);
  }

  /** Stops at once, open connections included. */
  async close(): Promise<void> {
    const closed = closeServer(this.#http1);
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }

  #keep(socket: Socket): void {
    this.#sockets.add(socket);
    socket.once('close', () => this.#sockets.delete(socket));
    socket.on('error', () => socket.destroy());
  }

  #accept(socket: Socket, protocol: Protocol): void {
    if (protocol === 'tls' && this.#tls !== undefined) {
      this.#acceptTls(socket, this.#tls);
      return;
    }
    if (protocol === 'http2') this.#acceptHttp2(socket, socket);
    else this.#acceptHttp1(socket);
    socket.resume();
  }

  /**
   * Which protocol is spoken inside is agreed on by ALPN (RFC 7301). The TLS side reads what the
   * socket holds back by itself, as long as the socket does not flow.
   */
  #acceptTls(socket: Socket, secureContext: SecureContext): void {
    const ALPNProtocols = ['h2', 'http/1.1'];
    const secure = new TLSSocket(socket, { isServer: true, secureContext, ALPNProtocols });
    secure.on('error', () => socket.destroy());
    const timer = setTimeout(() => socket.destroy(), this.#silenceMs).unref();
    secure.once('close', () => {
      clearTimeout(timer);
    });
    secure.once('secure', () => {
      clearTimeout(timer);
      if (secure.alpnProtocol === 'h2') this.#acceptHttp2(secure, socket);
      else this.#acceptHttp1(secure);
    });
  }

  /** HTTP/2 cannot take over a socket that has been read from, but reads from any other stream. */
  #acceptHttp2(connection: Duplex, socket: Socket): void {
    const [near, far] = duplexPair();
    const drop = () => socket.destroy();
    for (const side of [near, far]) side.on('error', drop).once('close', drop);
    socket.once('close', () => {
      near.destroy();
      far.destroy();
    });
    this.#speakHttp2(far, drop);
    connection.pipe(near).pipe(connection);
  }
}

function sniff(socket: Socket, silenceMs: number, decide: (protocol: Protocol) => void): void {
  let seen = Buffer.alloc(0);
  const give = () => socket.destroy();
  const timer = setTimeout(give, silenceMs).unref();
  const read = (chunk: Buffer) => {
    seen = Buffer.concat([seen, chunk]);
    const length = Math.min(seen.length, preface.length);
    const fits = preface.subarray(0, length).equals(seen.subarray(0, length));
    if (fits && length < preface.length) return;
    clearTimeout(timer);
    socket.off('data', read).off('end', give).pause();
    socket.unshift(seen);
    decide(fits ? 'http2' : seen[0] === handshake ? 'tls' : 'http1');
  };
  socket
    .on('data', read)
    .once('end', give)
    .once('close', () => {
      clearTimeout(timer);
    });
}
