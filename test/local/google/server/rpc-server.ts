import { Clock } from '../../../../local/google/clock.ts';
import type { Server } from 'node:http';
import { FaultTable } from '../../../../local/google/api/faults.ts';
import { loadProtos } from '../../../../local/google/api/protos.ts';
import type { Quotas } from '../../../../local/google/configuration.ts';
import type { Implementations } from '../../../../local/google/identity/implementation.ts';
import { TokenStore } from '../../../../local/google/identity/tokens.ts';
import { makeApiServer } from '../../../../local/google/server/api-server.ts';
import { makeGrpcSpeaker } from '../../../../local/google/server/grpc.ts';
import { OnePort } from '../../../../local/google/server/one-port.ts';
import { RateLimits } from '../../../../local/google/server/rate-limits.ts';
import { RequestLog } from '../../../../local/google/server/request-log.ts';
import { RestServices } from '../../../../local/google/server/rest.ts';
import { RpcDispatcher } from '../../../../local/google/server/rpc.ts';

/** The transports of the local Google around RPCs of a test. */
export interface RpcServer {
  readonly google: string;
  /** Sentences with which the server was told to end. */
  readonly stops: readonly string[];
  readonly close: () => Promise<void>;
}

/** What a test changes. */
export interface RpcServerChanges {
  readonly implementations?: Implementations;
  readonly quotas?: Quotas;
  readonly checkCredentials?: boolean;
  readonly now?: () => Date;
}

const protos = [loadProtos()];

/** The account that the token `token` stands for. */
export const caller = 'caller@local.iam.gserviceaccount.com';

/** Starts both transports on one port, in this process. */
export async function startRpcServer(changes: RpcServerChanges = {}): Promise<RpcServer> {
  const { now = () => new Date(), checkCredentials = true, quotas = null } = changes;
  const tokens = new TokenStore(Date.now, { checkCredentials });
  tokens.addStatic('token', caller);
  const faults = new FaultTable();
  const log = new RequestLog();
  const rateLimits = new RateLimits({ quotas, projectNumber: '123', region: 'r' }, now);
  const { implementations = {} } = changes;
  const parts = { tokens, faults, rateLimits, implementations, log, now };
  const dispatcher = new RpcDispatcher(parts);
  const stops: string[] = [];
  const stop = (sentence: string) => stops.push(sentence);
  const rpcs = protos.flatMap(({ methods }) => methods.map(({ name }) => name));
  const http: Server = makeApiServer({
    rest: new RestServices({ protos, dispatcher }),
    findCall: () => undefined,
    faults,
    local: { faults, rpcs, log, clock: new Clock(), stop },
  });
  const port = new OnePort(http, makeGrpcSpeaker({ protos, dispatcher }));
  const google = await port.listen(0);
  return { google, stops, close: () => port.close() };
}
