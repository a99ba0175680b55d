import { approximateUsage, currentUsage } from './batch-usage.ts';
import {
  type BatchIdentity,
  type BatchProgress,
  type BatchState,
  makeProgress,
  type Stage,
} from './batch-document.ts';
import type { BatchRequest } from './batch-request.ts';
import { describeFailure } from './failure-message.ts';
import { toTimestamp } from '../api/timestamp.ts';
import type { PlainMessage } from '../api/transcoding.ts';
import type { Kept } from './register.ts';
import { toRequestKey } from './request-fields.ts';
import type { Run, RunEnd, RunSpec } from '../spark/run.ts';

/** One batch, from its creation to its end. */
export class Batch implements Run, Kept {
  readonly request: BatchRequest;
  readonly #identity: BatchIdentity;
  readonly #changed: (batch: Batch) => void;
  #progress: BatchProgress;

  constructor(
    request: BatchRequest,
    identity: BatchIdentity,
    {
      changed = () => undefined,
      progress = makeProgress(identity.createTime),
    }: { readonly changed?: (batch: Batch) => void; readonly progress?: BatchProgress } = {},
  ) {
    this.request = request;
    this.#identity = identity;
    this.#changed = changed;
    this.#progress = progress;
  }

  /** Resource name. */
  get name(): string {
    return `${this.request.parent}/batches/${this.request.batchId}`;
  }

  /** What the driver's output objects begin with. */
  get outputUri(): string {
    const folder = `google-cloud-dataproc-metainfo/${this.uuid}/jobs/srvls-batch-${this.uuid}`;
    return `gs://${this.#identity.stagingBucket}/${folder}/driveroutput`;
  }

  /** Names its run and its output. */
  get uuid(): string {
    return this.#progress.uuid;
  }

  /** Position in the order of creation. */
  get sequence(): number {
    return this.#identity.sequence;
  }

  /** Key of the request that made it. */
  get requestId(): string | undefined {
    return toRequestKey(this.#identity.creator, this.request.requestId);
  }

  /** When it was created. */
  get createTime(): Date {
    return this.#identity.createTime;
  }

  /** Name of its long-running operation. */
  get operation(): string {
    return this.#identity.operation;
  }

  /** Whether its operation was deleted. */
  get operationForgotten(): boolean {
    return this.#progress.operationForgotten;
  }

  /** Deletes its operation; the batch goes on. */
  forgetOperation(): void {
    this.#set({ operationForgotten: true });
  }

  get #stage(): Stage {
    const stage = this.#progress.stages.at(-1);
    if (stage === undefined) throw new Error('a batch has a stage from the start');
    return stage;
  }

  /** The present state. */
  get state(): BatchState {
    return this.#stage.state;
  }

  /** What there is to say about the present state; empty for nothing. */
  get stateMessage(): string {
    return this.#stage.message;
  }

  /** When the present state began. */
  get stateTime(): Date {
    return this.#stage.since;
  }

  /** Whether the batch has ended, in whatever way. */
  get hasEnded(): boolean {
    return ['SUCCEEDED', 'FAILED', 'CANCELLED'].includes(this.state);
  }

  /** Whether its driver has been started. */
  get hasStarted(): boolean {
    return this.#progress.stages.some(({ state }) => state === 'RUNNING');
  }

  /** Whether its end has been asked for. */
  get isCancelled(): boolean {
    return this.state === 'CANCELLING';
  }

  /** What its driver is started from. */
  get spec(): RunSpec {
    const { batchId, work, properties, ttlSeconds } = this.request;
    const { uuid, outputUri } = this;
    return { uuid, name: batchId, work, properties, outputUri, ttlSeconds };
  }

  /** What it waits for is not written down: the next server says it anew. */
  waits(reason: string): void {
    const stages = [...this.#progress.stages.slice(0, -1), { ...this.#stage, message: reason }];
    this.#progress = { ...this.#progress, stages };
  }

  /** Its driver runs. */
  starts(at: Date): void {
    if (this.state === 'PENDING') this.#enter('RUNNING', at);
  }

  /** Its end has been asked for; a second time changes nothing. */
  cancels(at: Date): void {
    if (this.state !== 'CANCELLING') this.#enter('CANCELLING', at);
  }

  /** Nothing of it runs any more. */
  ends(end: RunEnd, at: Date): void {
    if (end.kind === 'succeeded') this.#enter('SUCCEEDED', at);
    else if (end.kind === 'cancelled') this.#enter('CANCELLED', at, end.reason);
    else this.#enter('FAILED', at, this.#describeFailure(end.reason));
  }

  /** The present state becomes history. */
  #enter(state: BatchState, since: Date, message = ''): void {
    this.#set({ stages: [...this.#progress.stages, { state, message, since }] });
  }

  #set(changes: Partial<BatchProgress>): void {
    this.#progress = { ...this.#progress, ...changes };
    this.#changed(this);
  }

  #describeFailure(reason: string): string {
    const { batchId, parent } = this.request;
    const [, project = '', , region = ''] = parent.split('/');
    const { outputUri } = this;
    const place = { project, region };
    return describeFailure(reason, { place, kind: 'batches', id: batchId, outputUri });
  }

  /** What the batch is made from again. */
  toDocument(): object {
    const { parent, batchId, requestId, asked } = this.request;
    const request = { parent, batchId, requestId, batch: asked };
    return { request, identity: this.#identity, progress: this.#progress };
  }

  /** Makes the google.cloud.dataproc.v1.Batch of this moment. */
  toMessage(): PlainMessage {
    const { asked, runtimeVersion } = this.request;
    const runtimeConfig = { version: runtimeVersion, ...toObject(asked['runtimeConfig']) };
    return {
      ...asked,
      name: this.name,
      uuid: this.uuid,
      createTime: toTimestamp(this.createTime),
      runtimeConfig,
      runtimeInfo: { outputUri: this.outputUri, ...this.#usage },
      state: this.#stage.state,
      stateMessage: this.#stage.message,
      stateTime: toTimestamp(this.#stage.since),
      creator: this.#identity.creator,
      operation: this.operation,
      stateHistory: this.#progress.stages.slice(0, -1).map(({ state, message, since }) => ({
        state,
        stateMessage: message,
        stateStartTime: toTimestamp(since),
      })),
    };
  }

  /** What it takes up is known while it runs, what it has used at the end. */
  get #usage(): PlainMessage {
    const started = this.#progress.stages.find(({ state }) => state === 'RUNNING');
    if (started === undefined) return {};
    if (!this.hasEnded) return { currentUsage: currentUsage(this.request.properties) };
    const seconds = (this.#stage.since.getTime() - started.since.getTime()) / 1000;
    return { approximateUsage: approximateUsage(this.request.properties, seconds) };
  }
}

function toObject(value: unknown): object {
  return typeof value === 'object' && value !== null ? value : {};
}
