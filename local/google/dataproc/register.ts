import { ApiError } from '../api/api-error.ts';
import { parseObject, ShapeError, type Table } from '../shape.ts';
import type { Shelf } from '../state/shelf.ts';

/** A resource that a register keeps. */
export interface Kept {
  /** Resource name, by which it is found. */
  readonly name: string;
  readonly uuid: string;
  /** Position in the order of creation among all resources. */
  readonly sequence: number;
  readonly requestId: string | undefined;
  readonly hasEnded: boolean;
  /** What `restore` makes it from again. */
  readonly toDocument: () => object;
}

/** Numbers resources of all kinds in the order of their creation. */
export class Counter {
  #last = 0;

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

/**
 * The resources of one kind, on a shelf. A deleted one has lost its name, not its request id: a
 * request that comes again must not start a second run. The oldest ended ones are forgotten.
 */
export class Register<T extends Kept> {
  readonly #shelf: Shelf;
  readonly #counter: Counter;
  readonly #max: number;
  readonly #all = new Map<string, T>();
  readonly #byName = new Map<string, T>();
  readonly #byRequestId = new Map<string, T>();

  constructor(shelf: Shelf, counter: Counter, max = maxKept) {
    this.#shelf = shelf;
    this.#counter = counter;
    this.#max = max;
  }

  /** Takes what an earlier server kept, in the order of creation. @throws ShapeError naming the file */
  restore(parse: (document: Table) => T): readonly T[] {
    const entries = this.#shelf.parseAll((value, where) => {
      const document = parseObject(value, where);
      return { item: parseAs(where, () => parse(document)), deleted: document['deleted'] === true };
    });
    const inOrder = entries.toSorted((one, two) => one.item.sequence - two.item.sequence);
    for (const { item, deleted } of inOrder) {
      this.#counter.pass(item.sequence);
      this.#put(item);
      if (deleted) this.#byName.delete(item.name);
    }
    return inOrder.map(({ item }) => item);
  }

  /** Takes a new resource. @throws ApiError RESOURCE_EXHAUSTED when too many have not ended */
  add(item: T): void {
    const active = [...this.#all.values()].filter(({ hasEnded }) => !hasEnded).length;
    if (active >= maxActive)
      throw new ApiError('RESOURCE_EXHAUSTED', `There are already ${maxActive} active ones.`);
    this.#put(item);
    this.save(item);
    this.#forgetOldest();
  }

  find(name: string): T | undefined {
    return this.#byName.get(name);
  }

  findByRequestId(requestId: string | undefined): T | undefined {
    return requestId === undefined ? undefined : this.#byRequestId.get(requestId);
  }

  /** Writes the present state of a resource. */
  save(item: T): void {
    if (this.#all.get(item.uuid) !== item) return;
    const deleted = this.#byName.get(item.name) !== item;
    this.#shelf.save(item.uuid, { ...item.toDocument(), deleted });
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
    this.#shelf.remove(item.uuid);
  }
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
