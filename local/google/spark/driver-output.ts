import { type FileHandle, open } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';

/** The size of a part at most, in bytes. */
const maxPartBytes = 1024 * 1024;
/** The size of all parts together; what a driver prints after that is lost. Chosen here. */
const defaultMaxBytes = 256 * 1024 * 1024;
/** How often new output becomes a part. */
const flushMs = 700;
/** How often a part is offered to the store, and how long between. */
const putAttempts = 3;
const retryMs = 100;
/** How much of the end is read for finding the reason of a failure. */
const tailBytes = 64 * 1024;

/** Stores one object. */
export type PutObject = (uri: string, content: Uint8Array) => Promise<void>;

/** How far the copying has come. */
export interface OutputPosition {
  /** Parts that are stored. */
  readonly parts: number;
  /** Bytes of the file that these hold. */
  readonly offset: number;
  /** Length of the part that is being stored, or 0. */
  readonly pending: number;
}

/** What copying the output depends on. */
interface DriverOutputOptions {
  readonly put: PutObject;
  /** Where an earlier server came to. */
  readonly from?: OutputPosition;
  /** Told the position before each part is stored, so that the same part can be stored again. */
  readonly save?: (position: OutputPosition) => void;
  readonly maxBytes?: number;
}

/**
 * Copies the driver's output, while it grows, to the objects `<outputUri>.000000000`,
 * `.000000001` and so on. An object of no bytes says that nothing follows: gcloud's reader stops
 * only there. Output beyond the bound is cut off the file, too.
 */
export class DriverOutput {
  readonly #file: FileHandle;
  readonly #outputUri: string;
  readonly #put: PutObject;
  readonly #save: (position: OutputPosition) => void;
  readonly #maxBytes: number;
  readonly #timer: NodeJS.Timeout;
  #position: OutputPosition;
  #isCut = false;
  #flushing: Promise<void> = Promise.resolve();
  #cutting: Promise<void> = Promise.resolve();

  /** Starts copying the file, which exists already and which its writers only append to. */
  static async follow(
    path: string,
    outputUri: string,
    options: DriverOutputOptions,
  ): Promise<DriverOutput> {
    return new DriverOutput(await open(path, 'r+'), outputUri, options);
  }

  private constructor(file: FileHandle, outputUri: string, options: DriverOutputOptions) {
    this.#file = file;
    this.#outputUri = outputUri;
    this.#put = options.put;
    this.#save = options.save ?? (() => undefined);
    this.#maxBytes = options.maxBytes ?? defaultMaxBytes;
    this.#position = options.from ?? { parts: 0, offset: 0, pending: 0 };
    this.#timer = setInterval(() => {
      this.#cutting = this.#cut().catch(report);
      this.#flush().catch(report);
    }, flushMs);
  }

  /** Copies the rest and the end mark; returns the end of the output as text. */
  async finish(): Promise<string> {
    clearInterval(this.#timer);
    try {
      await this.#cutting;
      await this.#flush();
      const { parts } = this.#position;
      if (this.#isCut) await this.#putPart(parts, Buffer.from(this.#cutLine()));
      await this.#putPart(this.#isCut ? parts + 1 : parts, new Uint8Array());
      return await this.#readTail();
    } finally {
      await this.#file.close();
    }
  }

  #flush(): Promise<void> {
    this.#flushing = this.#flushing.catch(() => undefined).then(() => this.#copyNewOutput());
    return this.#flushing;
  }

  async #copyNewOutput(): Promise<void> {
    for (;;) {
      const { parts, offset, pending } = this.#position;
      const length = pending === 0 ? await this.#measureNewOutput(offset) : pending;
      if (length === 0) return;
      this.#position = { parts, offset, pending: length };
      this.#save(this.#position);
      await this.#putPart(parts, await this.#read(offset, length));
      this.#position = { parts: parts + 1, offset: offset + length, pending: 0 };
    }
  }

  async #measureNewOutput(offset: number): Promise<number> {
    const { size } = await this.#file.stat();
    this.#isCut ||= size > this.#maxBytes;
    const rest = Math.min(size, this.#maxBytes) - offset;
    return Math.max(Math.min(rest, maxPartBytes), 0);
  }

  /** Runs beside the copying, which a driver that prints fast would outrun. */
  async #cut(): Promise<void> {
    const { size } = await this.#file.stat();
    if (size <= this.#maxBytes) return;
    this.#isCut = true;
    await this.#file.truncate(this.#maxBytes);
  }

  #cutLine(): string {
    return `\n[The driver printed more than ${this.#maxBytes} bytes; the rest is left out.]\n`;
  }

  async #readTail(): Promise<string> {
    const { size } = await this.#file.stat();
    const length = Math.min(size, tailBytes);
    return (await this.#read(size - length, length)).toString('utf8');
  }

  async #read(offset: number, length: number): Promise<Buffer> {
    const { buffer, bytesRead } = await this.#file.read(Buffer.alloc(length), 0, length, offset);
    return buffer.subarray(0, bytesRead);
  }

  async #putPart(number: number, part: Uint8Array): Promise<void> {
    const uri = `${this.#outputUri}.${String(number).padStart(9, '0')}`;
    for (let attempt = 1; ; attempt += 1) {
      try {
        await this.#put(uri, part);
        return;
      } catch (error) {
        if (attempt === putAttempts) throw error;
        await sleep(retryMs);
      }
    }
  }
}

function report(error: unknown): void {
  process.stderr.write(`driver output: ${String(error)}\n`);
}
