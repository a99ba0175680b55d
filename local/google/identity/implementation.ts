import type { PlainMessage } from '../api/transcoding.ts';
import type { Principal } from './tokens.ts';

/** What one RPC does, whichever transport it came by. @throws ApiError */
export type Implementation = (
  principal: Principal,
  request: PlainMessage,
) => PlainMessage | Promise<PlainMessage>;

/** What RPCs do, by full name: `google.cloud.dataproc.v1.BatchController.CreateBatch`. */
export type Implementations = Readonly<Record<string, Implementation>>;
