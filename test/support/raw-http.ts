import { connect } from 'node:net';

/** What is written to a socket, in parts; `cut` ends the connection behind the last of them. */
export interface RawRequest {
  readonly parts: readonly (string | Buffer)[];
  readonly cut?: boolean;
}

/** What came back before the connection ended; no status when nothing did. */
export interface RawAnswer {
  readonly status: number | undefined;
  readonly text: string;
}

/** Milliseconds after which an exchange that does not end is a failure of the test. */
const TIMEOUT_MS = 60_000;

/** Sends bytes as they are, which `fetch` would put right or refuse. The request must ask for `Connection: close`. */
export function sendRaw(origin: string, { parts, cut = false }: RawRequest): Promise<RawAnswer> {
  const { hostname, port } = new URL(origin);
  return new Promise((resolve, reject) => {
    const received: Buffer[] = [];
    const socket = connect({ host: hostname, port: Number(port) });
    const finish = (): void => {
      const text = Buffer.concat(received).toString('latin1');
      const [, status] = /^HTTP\/1\.[01] (\d{3})/.exec(text) ?? [];
      resolve({ status: status === undefined ? undefined : Number(status), text });
    };
    socket.setTimeout(TIMEOUT_MS, () => {
      socket.destroy();
      reject(new Error('the exchange did not end'));
    });
    socket.on('data', (chunk) => received.push(chunk));
    socket.on('close', finish);
    // A server may answer and close before all was written: what it said counts.
    socket.on('error', () => undefined);
    socket.on('connect', () => {
      for (const part of parts) socket.write(part);
      if (cut) socket.end();
    });
  });
}
