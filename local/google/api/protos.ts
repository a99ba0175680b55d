import { createRequire } from 'node:module';
import protobuf from 'protobufjs';

/** One `google.api.http` binding of an RPC. */
interface HttpRule {
  /** HTTP method in capitals. */
  readonly verb: string;
  /** Path template, for example `/v1/{name=projects/*\/locations/*\/batches/*}`. */
  readonly template: string;
  /** Field that the body fills, `*` for the whole request, undefined when there is no body. */
  readonly body: string | undefined;
}

/** One RPC of the shipped protos. */
export interface RpcMethod {
  /** Full name of the service, for example `google.cloud.dataproc.v1.BatchController`. */
  readonly service: string;
  readonly name: string;
  readonly requestType: protobuf.Type;
  readonly responseType: protobuf.Type;
  readonly rules: readonly HttpRule[];
}

/** Google's own description of some of its services. */
export interface Protos {
  readonly root: protobuf.Root;
  readonly methods: readonly RpcMethod[];
}

const operationParents = ['projects/*/regions/*', 'projects/*/locations/*'] as const;

/**
 * The bindings of long-running operations, which stand in Dataproc's service configuration and not
 * in its protos, below each of their parents.
 * Source: https://cloud.google.com/dataproc/docs/reference/rest/v1/projects.regions.operations and
 * https://cloud.google.com/dataproc/docs/reference/rest/v1/projects.locations.operations
 */
const operationRules: Readonly<Record<string, HttpRule>> = {
  ListOperations: { verb: 'GET', template: '/v1/{name=PARENT/operations}', body: undefined },
  GetOperation: { verb: 'GET', template: '/v1/{name=PARENT/operations/*}', body: undefined },
  DeleteOperation: { verb: 'DELETE', template: '/v1/{name=PARENT/operations/*}', body: undefined },
  CancelOperation: {
    verb: 'POST',
    template: '/v1/{name=PARENT/operations/*}:cancel',
    body: undefined,
  },
};

/** Where `@google-cloud/dataproc` keeps the protos that it ships. */
export const dataprocProtos = '@google-cloud/dataproc/build/protos/protos.json';

/**
 * Loads the protos of one of Google's packages, with every RPC and its HTTP bindings. The module
 * is a path like `@google-cloud/dataproc/build/protos/protos.json`; only the named services count
 * when they are given, by full name, for example `google.longrunning.Operations`.
 */
export function loadProtos(module = dataprocProtos, services?: readonly string[]): Protos {
  const require = createRequire(import.meta.url);
  const root = protobuf.loadSync(require.resolve(module));
  root.resolveAll();
  const found = listServices(root).filter(
    (service) => services?.includes(service.fullName.slice(1)) ?? true,
  );
  return { root, methods: found.flatMap(listMethods) };
}

function listServices(namespace: protobuf.NamespaceBase): readonly protobuf.Service[] {
  return namespace.nestedArray.flatMap((object) => {
    if (object instanceof protobuf.Service) return [object];
    return object instanceof protobuf.Namespace ? listServices(object) : [];
  });
}

function listMethods(service: protobuf.Service): readonly RpcMethod[] {
  const serviceName = service.fullName.slice(1);
  return service.methodsArray.map((method) => {
    method.resolve();
    if (method.resolvedRequestType === null || method.resolvedResponseType === null)
      throw new Error(`the protos do not resolve ${method.fullName}`);
    return {
      service: serviceName,
      name: method.name,
      requestType: method.resolvedRequestType,
      responseType: method.resolvedResponseType,
      rules:
        serviceName === 'google.longrunning.Operations'
          ? listOperationRules(method.name)
          : readHttpRules(method.parsedOptions),
    };
  });
}

function listOperationRules(method: string): readonly HttpRule[] {
  const rule = operationRules[method];
  if (rule === undefined) return [];
  return operationParents.map((parent) => {
    return { ...rule, template: rule.template.replace('PARENT', parent) };
  });
}

function readHttpRules(parsedOptions: unknown): readonly HttpRule[] {
  const options: unknown[] = Array.isArray(parsedOptions) ? parsedOptions : [];
  return options.flatMap((option) => toRules(readKey(option, '(google.api.http)')));
}

function toRules(rule: unknown): readonly HttpRule[] {
  const body = readKey(rule, 'body');
  const own = ['get', 'put', 'post', 'delete', 'patch'].flatMap((verb) => {
    const template = readKey(rule, verb);
    if (typeof template !== 'string') return [];
    const field = typeof body === 'string' ? body : undefined;
    return [{ verb: verb.toUpperCase(), template, body: field }];
  });
  const more = readKey(rule, 'additional_bindings');
  const bindings: unknown[] = Array.isArray(more) ? more : more === undefined ? [] : [more];
  return [...own, ...bindings.flatMap(toRules)];
}

function readKey(value: unknown, key: string): unknown {
  if (typeof value !== 'object' || value === null) return undefined;
  return Object.entries(value).find(([name]) => name === key)?.[1] as unknown;
}
