import { protos } from '@google-cloud/dataproc';
import { parseObject } from '../../../../local/google/shape.ts';
import { makeGrpcClients, makeRestClients, type OfficialClients } from '../official-clients.ts';
import type { CallOptions, Json, OfficialClient, Outcome, Service } from './official-client.ts';

type Method = (request: object, options: object) => Promise<readonly unknown[]>;

const { v1 } = protos.google.cloud.dataproc;

/** What each RPC answers, as the class that turns it into plain values. */
const answers = {
  SubmitJob: v1.Job,
  SubmitJobAsOperation: v1.Job,
  GetJob: v1.Job,
  UpdateJob: v1.Job,
  CancelJob: v1.Job,
  ListJobs: v1.Job,
  GetBatch: v1.Batch,
  CreateBatch: v1.Batch,
  ListBatches: v1.Batch,
  GetCluster: v1.Cluster,
  ListClusters: v1.Cluster,
  GetWorkflowTemplate: v1.WorkflowTemplate,
  CreateWorkflowTemplate: v1.WorkflowTemplate,
  UpdateWorkflowTemplate: v1.WorkflowTemplate,
  ListWorkflowTemplates: v1.WorkflowTemplate,
  GetOperation: protos.google.longrunning.Operation,
  ListOperations: protos.google.longrunning.Operation,
} as const;

/** HTTP statuses of gRPC's codes. Source: google/rpc/code.proto. */
const httpStatus: Readonly<Record<number, number>> = {
  3: 400,
  5: 404,
  6: 409,
  7: 403,
  8: 429,
  9: 400,
  10: 409,
  12: 501,
  16: 401,
};

/** Makes the official Node client. */
export function makeNodeClient(
  transport: 'grpc' | 'rest',
  google: string,
  token: string,
): OfficialClient {
  const make = transport === 'grpc' ? makeGrpcClients : makeRestClients;
  const clients = make(google, token);
  return {
    call: (service, method, request, options = {}) =>
      callMethod(clients, { service, method, request: toMessage(request), options }),
    close: clients.close,
  };
}

interface Call {
  readonly service: Service;
  readonly method: string;
  readonly request: Json;
  readonly options: CallOptions;
}

async function callMethod(clients: OfficialClients, call: Call): Promise<Outcome> {
  try {
    const [result] = await findMethod(clients, call)(call.request, { timeout: 60_000 });
    if (Array.isArray(result)) return { items: result.map((item) => toPlain(call.method, item)) };
    if (!isOperation(result)) return { response: toPlain(call.method, result) };
    if (call.options.wait === false) return { response: { name: result.name } };
    const [ended] = await result.promise();
    return { response: toPlain(call.method, ended) };
  } catch (error) {
    return { error: toError(error) };
  }
}

/** Operations have a client of their own, which each of the others brings. */
function findMethod(clients: OfficialClients, { service, method }: Call): Method {
  const owner = {
    JobController: clients.jobs,
    BatchController: clients.batches,
    ClusterController: clients.clusters,
    WorkflowTemplateService: clients.workflows,
  }[service];
  const isOfOperations = /^(?:Get|List|Cancel)Operations?$/.test(method);
  const client: object = isOfOperations ? owner.operationsClient : owner;
  const name = method.charAt(0).toLowerCase() + method.slice(1);
  const found: unknown = Reflect.get(client, name);
  if (typeof found !== 'function') throw new Error(`the client has no method ${name}`);
  return found.bind(client) as Method;
}

interface PendingOperation {
  readonly name: string;
  readonly promise: () => Promise<readonly unknown[]>;
}

function isOperation(value: unknown): value is PendingOperation {
  return typeof value === 'object' && value !== null && 'promise' in value;
}

/** The Node client takes a field mask as a message, where proto3 JSON has a text. */
function toMessage(request: Json): Json {
  const { updateMask, ...rest } = request;
  return typeof updateMask === 'string'
    ? { ...rest, updateMask: { paths: updateMask.split(',') } }
    : request;
}

function toPlain(method: string, value: unknown): Json {
  const answer = Object.entries(answers).find(([name]) => name === method)?.[1];
  if (answer === undefined) return {};
  const message = parseObject(value, method);
  return answer.toObject(answer.fromObject(message) as never, { enums: String, longs: String });
}

function toError(error: unknown): { readonly status: number; readonly message: string } {
  if (!(error instanceof Error) || !('code' in error)) throw error;
  const code = Number(error.code);
  return { status: code > 99 ? code : (httpStatus[code] ?? 500), message: error.message };
}
