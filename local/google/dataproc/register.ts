import { ApiError } from '../api/api-error.ts';
import { parseObject, ShapeError, type Table } from '../shape.ts';
import { parseKey, type Shelf } from '../state/shelf.ts';
import { tryOrReport } from '../state/try-or-report.ts';

/** A resource that a register keeps. */
export interface Kept {
  /** Resource name, by which it is found. */
  readonly name: string;
  readonly uuid: string;
  /** Position in the order of creation among all resources. */
  readonly sequence: number;
  /** Key of the request that made it: its id and who sent it. */
  readonly requestId: string | undefined;
  readonly hasEnded: boolean;
  /** What `restore` makes it from again. */
  readonly toDocument: () => object;
}

/** Numbers resources of all kinds in the order of their creation. */
export class Counter {
  #last = 0;

  /** Returns the number after the last one. */
  next(): number {
    this.#last += 1;
    return this.#last;
  }

  /** Goes on behind a number that an earlier server gave. */
  pass(number: number): void {
    this.#last = Math.max(this.#last, number);
  }
}

/**
 * The most resources of one kind that have not ended.
 * Source: https://cloud.google.com/dataproc/quotas, active jobs.
 */
const maxActive = 5000;
/** Chosen so that a long-lived server stays small; Google forgets jobs after a time of its own. */
const maxKept = 10_000;

/** What a register needs. */
interface RegisterOptions {
  readonly shelf: Shelf;
  readonly counter: Counter;
  /** What it keeps, in the plural, as refusals name it. */
  readonly kind: string;
  /** How many are kept at most. */
  readonly max?: number;
}

/**
 * The resources of one kind, on a shelf. A deleted one has lost its name, not its request id: a
 * request that comes again must not start a second run. The oldest ended ones are forgotten.
 */
export class Register<T extends Kept> {
  readonly #shelf: Shelf;
  readonly #counter: Counter;
  readonly #kind: string;
  readonly #max: number;
  readonly #all = new Map<string, T>();
  readonly #byName = new Map<string, T>();
  readonly #byRequestId = new Map<string, T>();
  /** Those whose present state could not be written. */
  readonly #unsaved = new Set<T>();

  constructor({ shelf, counter, kind, max = maxKept }: RegisterOptions) {
    this.#shelf = shelf;
    this.#counter = counter;
    this.#kind = kind;
    this.#max = max;
  }

  /** Takes what an earlier server kept, in the order of creation. @throws ShapeError naming the file */
  restore(parse: (document: Table) => T): readonly T[] {
    const entries = this.#shelf.parseAll((value, where, key) => {
      const document = parseObject(value, where);
      const item = parseAs(where, () => parseKept(document, key, parse));
      return { item, deleted: document['deleted'] === true };
    });
    const inOrder = entries.toSorted((one, two) => one.item.sequence - two.item.sequence);
    for (const { item, deleted } of inOrder) {
      this.#counter.pass(item.sequence);
      this.#put(item);
      if (deleted) this.#byName.delete(item.name);
    }
    return inOrder.map(({ item }) => item);
  }

  /**
   * Takes a new resource, which is there from the moment it is written down.
   * @throws ApiError RESOURCE_EXHAUSTED when too many have not ended, UNAVAILABLE when writing fails
   */
  add(item: T): void {
    const active = [...this.#all.values()].filter(({ hasEnded }) => !hasEnded).length;
    if (active >= maxActive)
      throw new ApiError(
        'RESOURCE_EXHAUSTED',
        `There are already ${maxActive} active ${this.#kind}.`,
      );
    if (!this.#write(item, { deleted: false }))
      throw new ApiError('UNAVAILABLE', 'The service cannot write down what it has to keep.');
    this.#put(item);
    this.#forgetOldest();
  }

  /** Finds a resource by its name, which a deleted one has lost. */
  find(name: string): T | undefined {
    return this.#byName.get(name);
  }

  /** Finds what the request with an id has made, deleted or not. */
  findByRequestId(requestId: string | undefined): T | undefined {
    return requestId === undefined ? undefined : this.#byRequestId.get(requestId);
  }

  /** Writes the present state of a resource: at the next change of any when that fails. */
  save(item: T): void {
    if (this.#all.get(item.uuid) !== item) return;
    this.#unsaved.add(item);
    for (const missed of new Set([item, ...this.#unsaved])) {
      const deleted = this.#byName.get(missed.name) !== missed;
      if (!this.#write(missed, { deleted })) return;
      this.#unsaved.delete(missed);
    }
  }

  #write(item: T, { deleted }: { readonly deleted: boolean }): boolean {
    return tryOrReport(`saving ${item.name}`, () => {
      this.#shelf.save(item.uuid, { ...item.toDocument(), deleted });
    });
  }

  /** Takes the name away from a resource; it may be used again. */
  delete(item: T): void {
    this.#byName.delete(item.name);
    this.save(item);
  }

  /** Every resource that has a name, from the newest on. */
  newestFirst(): readonly T[] {
    return [...this.#byName.values()].sort((one, two) => two.sequence - one.sequence);
  }

  /** Every resource, deleted ones too, from the newest on. */
  everNewestFirst(): readonly T[] {
    return [...this.#all.values()].reverse();
  }

  #put(item: T): void {
    this.#all.set(item.uuid, item);
    this.#byName.set(item.name, item);
    if (item.requestId !== undefined) this.#byRequestId.set(item.requestId, item);
  }

  #forgetOldest(): void {
    for (const item of this.#all.values()) {
      if (this.#all.size <= this.#max) return;
      if (item.hasEnded) this.#forget(item);
    }
  }

  #forget(item: T): void {
    this.#all.delete(item.uuid);
    if (this.#byName.get(item.name) === item) this.#byName.delete(item.name);
    if (item.requestId !== undefined && this.#byRequestId.get(item.requestId) === item)
      this.#byRequestId.delete(item.requestId);
    this.#unsaved.delete(item);
    tryOrReport(`forgetting ${item.name}`, () => {
      this.#shelf.remove(item.uuid);
    });
  }
}

/** A uuid names folders: it must be the name of the file, which cannot leave its own. */
function parseKept<T extends Kept>(document: Table, key: string, parse: (table: Table) => T): T {
  const item = parse(document);
  if (item.uuid !== key) throw new ShapeError('its uuid must be the name of the file');
  parseKey(key, 'its uuid');
  return item;
}

/** A document that the service itself would refuse is damaged, whatever is wrong with it. */
function parseAs<T>(where: string, parse: () => T): T {
  try {
    return parse();
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new ShapeError(`${where} is damaged: ${reason}`, { cause });
  }
}
