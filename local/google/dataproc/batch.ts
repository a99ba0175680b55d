import { randomUUID } from 'node:crypto';
import type { BatchRequest } from './batch-request.ts';
import type { PlainMessage } from '../api/transcoding.ts';
import type { Run, RunEnd, RunSpec } from '../spark/run.ts';

/** The states of a batch, in the words of Batch.State. */
export type BatchState =
  'PENDING' | 'RUNNING' | 'CANCELLING' | 'CANCELLED' | 'SUCCEEDED' | 'FAILED';

interface Stage {
  readonly state: BatchState;
  readonly message: string;
  readonly since: Date;
}

/** What a batch gets when it is made. */
export interface BatchIdentity {
  readonly creator: string;
  readonly operation: string;
  readonly stagingBucket: string;
  readonly createTime: Date;
  /** Position in the order of creation. */
  readonly sequence: number;
}

/** One batch, from its creation to its end. */
export class Batch implements Run {
  readonly request: BatchRequest;
  readonly uuid = randomUUID();
  readonly createTime: Date;
  readonly operation: string;
  readonly sequence: number;
  readonly #creator: string;
  readonly #stagingBucket: string;
  readonly #past: Stage[] = [];
  #stage: Stage;

  constructor(request: BatchRequest, identity: BatchIdentity) {
    this.request = request;
    this.createTime = identity.createTime;
    this.operation = identity.operation;
    this.sequence = identity.sequence;
    this.#creator = identity.creator;
    this.#stagingBucket = identity.stagingBucket;
    this.#stage = { state: 'PENDING', message: '', since: identity.createTime };
  }

  /** Resource name. */
  get name(): string {
    return `${this.request.parent}/batches/${this.request.batchId}`;
  }

  /** What the driver's output objects begin with. */
  get outputUri(): string {
    const folder = `google-cloud-dataproc-metainfo/${this.uuid}/jobs/srvls-batch-${this.uuid}`;
    return `gs://${this.#stagingBucket}/${folder}/driveroutput`;
  }

  get state(): BatchState {
    return this.#stage.state;
  }

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

  /** What its driver is started from. */
  get spec(): RunSpec {
    const { batchId, work, properties, ttlSeconds } = this.request;
    const { uuid, outputUri } = this;
    return { uuid, name: batchId, work, properties, outputUri, ttlSeconds };
  }

  waits(reason: string): void {
    this.#stage = { ...this.#stage, message: reason };
  }

  starts(at: Date): void {
    this.#enter('RUNNING', at);
  }

  cancels(at: Date): void {
    this.#enter('CANCELLING', at);
  }

  ends(end: RunEnd, at: Date): void {
    if (end.kind === 'succeeded') this.#enter('SUCCEEDED', at);
    else if (end.kind === 'cancelled') this.#enter('CANCELLED', at, end.reason);
    else this.#enter('FAILED', at, this.#describeFailure(end.reason));
  }

  /** The present state becomes history. */
  #enter(state: BatchState, since: Date, message = ''): void {
    this.#past.push(this.#stage);
    this.#stage = { state, message, since };
  }

  /**
   * Makes the stateMessage of a failed batch. Its form is that of real ones that people quote in
   * public; clients find the reason between the brackets.
   */
  #describeFailure(reason: string): string {
    const { batchId, parent } = this.request;
    const [, project = '', , region = ''] = parent.split('/');
    const console = 'https://console.cloud.google.com';
    const folder = this.outputUri.replace(/^gs:\/\//, '').replace(/[^/]*$/, '');
    return [
      `Job failed with message [${reason}]. Additional details can be found at:`,
      `${console}/dataproc/batches/${region}/${batchId}?project=${project}`,
      `gcloud dataproc batches wait '${batchId}' --region '${region}' --project '${project}'`,
      `${console}/storage/browser/${folder}`,
      `${this.outputUri}.*`,
    ].join('\n');
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
      runtimeInfo: { outputUri: this.outputUri },
      state: this.#stage.state,
      stateMessage: this.#stage.message,
      stateTime: toTimestamp(this.#stage.since),
      creator: this.#creator,
      operation: this.operation,
      stateHistory: this.#past.map(({ state, message, since }) => ({
        state,
        stateMessage: message,
        stateStartTime: toTimestamp(since),
      })),
    };
  }
}

/** Makes a google.protobuf.Timestamp. */
export function toTimestamp(date: Date): PlainMessage {
  const ms = date.getTime();
  return { seconds: Math.floor(ms / 1000), nanos: (ms % 1000) * 1_000_000 };
}

function toObject(value: unknown): object {
  return typeof value === 'object' && value !== null ? value : {};
}
