import { type FileHandle, open } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';

/** The size of a part at most, in bytes. */
const maxPartBytes = 1024 * 1024;
/** How often new output becomes a part. */
const flushMs = 700;
/** How often a part is offered to the store, and how long between. */
const putAttempts = 3;
const retryMs = 100;
/** How much of the end is kept for finding the reason of a failure. */
const tailBytes = 64 * 1024;

/** Stores one object. */
export type PutObject = (uri: string, content: Uint8Array) => Promise<void>;

/**
 * Copies the driver's output, while it grows, to the objects `<outputUri>.000000000`,
 * `.000000001` and so on. An object of no bytes says that nothing follows: gcloud's reader stops
 * only there.
 */
export class DriverOutput {
  readonly #file: FileHandle;
  readonly #outputUri: string;
  readonly #put: PutObject;
  readonly #timer: NodeJS.Timeout;
  #offset = 0;
  #parts = 0;
  #tail = Buffer.alloc(0);
  #flushing: Promise<void> = Promise.resolve();

  /** Starts copying the file, which exists already. */
  static async follow(path: string, outputUri: string, put: PutObject): Promise<DriverOutput> {
    return new DriverOutput(await open(path, 'r'), outputUri, put);
  }

  private constructor(file: FileHandle, outputUri: string, put: PutObject) {
    this.#file = file;
    this.#outputUri = outputUri;
    this.#put = put;
    this.#timer = setInterval(() => {
      this.#flush().catch((error: unknown) => {
        process.stderr.write(`driver output: ${String(error)}\n`);
      });
    }, flushMs);
  }

  /** Copies the rest and the end mark; returns the end of the output as text. */
  async finish(): Promise<string> {
    clearInterval(this.#timer);
    try {
      await this.#flushing.catch(() => undefined);
      await this.#flush();
      await this.#putPart(new Uint8Array());
      return this.#tail.toString('utf8');
    } finally {
      await this.#file.close();
    }
  }

  #flush(): Promise<void> {
    this.#flushing = this.#flushing.catch(() => undefined).then(() => this.#copyNewOutput());
    return this.#flushing;
  }

  async #copyNewOutput(): Promise<void> {
    const buffer = Buffer.alloc(maxPartBytes);
    for (;;) {
      const { bytesRead } = await this.#file.read(buffer, 0, maxPartBytes, this.#offset);
      if (bytesRead === 0) return;
      const part = Buffer.from(buffer.subarray(0, bytesRead));
      await this.#putPart(part);
      this.#offset += bytesRead;
      this.#tail = Buffer.concat([this.#tail, part]).subarray(-tailBytes);
    }
  }

  async #putPart(part: Uint8Array): Promise<void> {
    const uri = `${this.#outputUri}.${String(this.#parts).padStart(9, '0')}`;
    for (let attempt = 1; ; attempt += 1) {
      try {
        await this.#put(uri, part);
        this.#parts += 1;
        return;
      } catch (error) {
        if (attempt === putAttempts) throw error;
        await sleep(retryMs);
      }
    }
  }
}
