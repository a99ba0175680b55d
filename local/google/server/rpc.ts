import { ApiError } from '../api/api-error.ts';
import type { FaultTable, Line } from '../api/faults.ts';
import type { RpcMethod } from '../api/protos.ts';
import { checkTimes } from '../api/time-range.ts';
import { encodeResponse, type PlainMessage } from '../api/transcoding.ts';
import type { Implementations } from '../identity/implementation.ts';
import { nameOf, type TokenStore } from '../identity/tokens.ts';
import type { RateLimits } from './rate-limits.ts';
import { toApiError } from './refusal.ts';
import type { RequestEntry, RequestLog } from './request-log.ts';
import { leaveOutYounger } from './stale-list.ts';

/** One call of an RPC, whichever transport it came by. */
interface RpcRequest {
  readonly method: RpcMethod;
  readonly transport: RequestEntry['transport'];
  readonly token: string | undefined;
  readonly line: Line;
  /** Makes the message of what was received. @throws ApiError */
  readonly decode: () => PlainMessage;
}

/** What the calls of RPCs need. */
interface RpcOptions {
  readonly tokens: TokenStore;
  readonly implementations: Implementations;
  readonly faults: FaultTable;
  readonly rateLimits: RateLimits;
  /** Undefined when requests are not kept. */
  readonly log: RequestLog | undefined;
  readonly now: () => Date;
}

type Decoded = { readonly message: PlainMessage } | { readonly error: ApiError };

/** What every transport does with a call: faults, identity, quotas, and then the work. */
export class RpcDispatcher {
  readonly #options: RpcOptions;

  constructor(options: RpcOptions) {
    this.#options = options;
  }

  /** Answers one call. @throws ApiError */
  async dispatch(request: RpcRequest): Promise<PlainMessage> {
    const { faults, now } = this.#options;
    const at = now().toISOString();
    const decoded = decode(request);
    const work = (lagMs: number) => this.#work(request, decoded, lagMs);
    try {
      const answer = await faults.intercept(request.method.name, request.line, work);
      this.#record(request, decoded, { at, code: 'OK' });
      return answer;
    } catch (error) {
      const refusal = toApiError(error);
      this.#record(request, decoded, { at, code: refusal.status });
      throw refusal;
    }
  }

  async #work(
    { method, token }: RpcRequest,
    decoded: Decoded,
    lagMs: number,
  ): Promise<PlainMessage> {
    const { tokens, rateLimits, implementations, now } = this.#options;
    const principal = tokens.authenticate(token);
    rateLimits.admit(method);
    const name = `${method.service}.${method.name}`;
    const implementation = Object.hasOwn(implementations, name) ? implementations[name] : undefined;
    if (implementation === undefined) throw unimplemented(name);
    if ('error' in decoded) throw decoded.error;
    const answer = await implementation(principal, decoded.message);
    return lagMs === 0
      ? answer
      : leaveOutYounger(method, answer, new Date(now().getTime() - lagMs));
  }

  #record(
    { method, transport, token }: RpcRequest,
    decoded: Decoded,
    outcome: Pick<RequestEntry, 'at' | 'code'>,
  ): void {
    const { log, tokens } = this.#options;
    if (log === undefined) return;
    const principal = tokens.find(token);
    const request = 'error' in decoded ? null : toJson(method, decoded.message);
    const who = principal === undefined ? null : nameOf(principal);
    log.add({ rpc: method.name, transport, principal: who, request, ...outcome });
  }
}

/** Null for a message that has no JSON, such as one with an enum's unknown value. */
function toJson({ name, requestType }: RpcMethod, message: PlainMessage): unknown {
  try {
    // The value of a secret stands in no record.
    const kept = name === 'AddSecretVersion' ? { ...message, payload: {} } : message;
    return encodeResponse(requestType, kept, { numericEnums: false });
  } catch {
    return null;
  }
}

function decode({ method, decode: read }: RpcRequest): Decoded {
  try {
    const message = read();
    checkTimes(method.requestType, message);
    return { message };
  } catch (error) {
    return { error: toApiError(error) };
  }
}

function unimplemented(name: string): ApiError {
  const product = name.startsWith('google.cloud.secretmanager.') ? 'Secret Manager' : 'Dataproc';
  return new ApiError('UNIMPLEMENTED', `The local ${product} does not implement ${name}.`);
}
