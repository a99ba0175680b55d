import type { Answer } from './http-exchange.ts';

/** A request that has found its RPC. */
export interface RpcCall {
  /** The RPC's short name, for example `CreateBatch`. */
  readonly rpc: string;
  readonly run: () => Promise<Answer>;
}
