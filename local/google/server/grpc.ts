import {
  type handleUnaryCall,
  Metadata,
  type MethodDefinition,
  Server,
  ServerCredentials,
  type ServerUnaryCall,
  type ServiceError,
  status,
} from '@grpc/grpc-js';
import { ApiError } from '../api/api-error.ts';
import { encodeStatus } from '../api/error-details.ts';
import { parseBearer } from '../api/http-exchange.ts';
import type { Protos, RpcMethod } from '../api/protos.ts';
import type { PlainMessage } from '../api/transcoding.ts';
import { findPageRefusal } from '../api/web-page.ts';
import type { SpeakHttp2 } from './one-port.ts';
import { toApiError } from './refusal.ts';
import type { RpcDispatcher } from './rpc.ts';

const credentials = ServerCredentials.createInsecure();
const limits = {
  'grpc.max_receive_message_length': 10 * 1024 * 1024,
  'grpc.max_concurrent_streams': 100,
  'grpc.enable_channelz': 0,
};

type Handler = handleUnaryCall<Buffer, Buffer>;

/** What RPCs over gRPC need. */
interface GrpcOptions {
  readonly protos: readonly Protos[];
  readonly dispatcher: RpcDispatcher;
}

/**
 * Makes the gRPC face of every RPC of the shipped protos, some of which are implemented. Every
 * connection has a server of its own, since a call does not tell which connection it came by.
 */
export function makeGrpcSpeaker({ protos, dispatcher }: GrpcOptions): SpeakHttp2 {
  const methods = protos.flatMap((each) => each.methods);
  const definitions = methods.map((method) => [toPath(method), toDefinition(method)] as const);
  const service = Object.fromEntries(definitions);
  return (connection, drop) => {
    const server = new Server(limits);
    const handlers = methods.map((method) => {
      return [toPath(method), makeHandler(method, { dispatcher, drop })] as const;
    });
    server.addService(service, Object.fromEntries(handlers));
    server.createConnectionInjector(credentials).injectConnection(connection);
    connection.once('close', () => {
      server.forceShutdown();
    });
  };
}

function toPath({ service, name }: RpcMethod): string {
  return `/${service}/${name}`;
}

/** Messages pass as bytes, so that one that is malformed is refused like any other. */
function toDefinition(method: RpcMethod): MethodDefinition<Buffer, Buffer> {
  const pass = (bytes: Buffer) => bytes;
  return {
    path: toPath(method),
    requestStream: false,
    responseStream: false,
    requestSerialize: pass,
    requestDeserialize: pass,
    responseSerialize: pass,
    responseDeserialize: pass,
  };
}

interface HandlerOptions {
  readonly dispatcher: RpcDispatcher;
  /** Breaks the connection of the call. */
  readonly drop: () => void;
}

function makeHandler(method: RpcMethod, options: HandlerOptions): Handler {
  return (call, respond) => {
    answer(method, call, options).then(
      (bytes) => {
        respond(null, bytes);
      },
      (error: unknown) => {
        respond(toServiceError(toApiError(error)));
      },
    );
  };
}

async function answer(
  method: RpcMethod,
  call: ServerUnaryCall<Buffer, Buffer>,
  { dispatcher, drop }: HandlerOptions,
): Promise<Buffer> {
  const { request } = call;
  const find = (name: string) => call.metadata.get(name).map(String)[0];
  const sender = {
    host: call.getHost(),
    origin: find('origin'),
    fetchSite: find('sec-fetch-site'),
  };
  const refusal = findPageRefusal(sender);
  if (refusal !== undefined) throw new ApiError('PERMISSION_DENIED', refusal);
  const message = await dispatcher.dispatch({
    method,
    transport: 'grpc',
    token: parseBearer(find('authorization')),
    line: { destroy: drop },
    decode: () => decode(method, request),
  });
  const { responseType } = method;
  return Buffer.from(responseType.encode(responseType.fromObject(message)).finish());
}

/** What Google says to bytes that are no message is not documented. */
function decode({ requestType }: RpcMethod, bytes: Buffer): PlainMessage {
  try {
    return requestType.toObject(requestType.decode(bytes), { longs: String, enums: String });
  } catch {
    const name = requestType.fullName.slice(1);
    throw new ApiError('INVALID_ARGUMENT', `The request is not a well-formed ${name}.`);
  }
}

function toServiceError(error: ApiError): Partial<ServiceError> {
  const metadata = new Metadata();
  if (error.details.length > 0) metadata.set('grpc-status-details-bin', encodeStatus(error));
  return { code: status[error.status], details: error.message, metadata };
}
