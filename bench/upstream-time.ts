import { subscribe } from 'node:diagnostics_channel';
import type { ClientRequest, IncomingMessage } from 'node:http';

/**
 * Measures for how long this process waits for others: the union of the times in which at least one HTTP request is
 * outstanding, each from the moment at which Node has made it (sending it is next) to the end of the answer's body. Node
 * itself tells both, so that the code that is measured is the product's own. Work that is done meanwhile counts as waiting.
 * Node's `http.client.request.start` comes only when all is sent, and on loopback sending includes the other side's receiving.
 * Source: Node.js, diagnostics_channel, http.client.request.created.
 */
export class UpstreamTime {
  #outstanding = 0;
  #since = 0;
  #totalMs = 0;

  constructor() {
    subscribe('http.client.request.created', (message) => {
      this.#follow((message as { readonly request: ClientRequest }).request);
    });
  }

  /** Milliseconds of waiting since this was last asked. @throws Error while a request is outstanding */
  take(): number {
    if (this.#outstanding > 0) throw new Error('a request is still outstanding');
    const totalMs = this.#totalMs;
    this.#totalMs = 0;
    return totalMs;
  }

  #follow(request: ClientRequest): void {
    this.#outstanding += 1;
    if (this.#outstanding === 1) this.#since = performance.now();
    let open = true;
    const end = () => {
      if (!open) return;
      open = false;
      this.#outstanding -= 1;
      if (this.#outstanding === 0) this.#totalMs += performance.now() - this.#since;
    };
    request.once('response', (response: IncomingMessage) => response.once('end', end));
    request.once('error', end);
  }
}
