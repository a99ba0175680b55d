import type { CanonicalCode } from '../api/api-error.ts';
import type { PlainMessage } from '../api/transcoding.ts';

/** A message and the full name of its type, which becomes a google.protobuf.Any. */
interface TypedMessage {
  readonly type: string;
  readonly message: PlainMessage;
}

/** How a long-running operation ended. */
export type OperationEnd =
  | { readonly kind: 'response'; readonly response: TypedMessage }
  | { readonly kind: 'error'; readonly code: CanonicalCode; readonly message: string };

/** A long-running operation, whatever it does. */
export interface LongRunning {
  /** `projects/…/regions/…/operations/…` */
  readonly name: string;
  readonly sequence: number;
  readonly createTime: Date;
  readonly metadata: TypedMessage;
  /** Undefined until it has ended. */
  readonly end: OperationEnd | undefined;
  /** What ListOperations filters on. */
  readonly type: 'BATCH' | 'JOB' | 'WORKFLOW';
  readonly clusterName: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly cancel: () => void;
  /** The operation has no name any more; what it does goes on. */
  readonly forget: () => void;
}

/** What has long-running operations. */
export interface OperationSource {
  readonly operations: () => readonly LongRunning[];
  readonly findOperation: (name: string) => LongRunning | undefined;
}

/** Full name of the package that Dataproc's messages are in. */
export const packageName = 'google.cloud.dataproc.v1';
