import { ApiError } from './api-error.ts';
import type { RpcMethod } from './protos.ts';
import { decodeUrlText } from './url-text.ts';

/** One way to reach an RPC over HTTP. */
export interface Route {
  readonly method: RpcMethod;
  readonly verb: string;
  readonly pattern: RegExp;
  /** Fields that the path fills, in the order of the pattern's groups. */
  readonly fields: readonly string[];
  readonly body: string | undefined;
}

/** A route that fits a request, and what the path says. */
export interface RouteMatch {
  readonly route: Route;
  readonly variables: Readonly<Record<string, string>>;
}

/** Compiles every HTTP binding of the RPCs. */
export function compileRoutes(methods: readonly RpcMethod[]): readonly Route[] {
  return methods.flatMap((method) =>
    method.rules.map((rule) => ({ method, ...rule, ...compileTemplate(rule.template) })),
  );
}

/** Finds the route of a request. @throws ApiError when the path is not well encoded */
export function findRoute(
  routes: readonly Route[],
  verb: string,
  path: string,
): RouteMatch | undefined {
  for (const route of routes) {
    const match = route.verb === verb ? route.pattern.exec(path) : null;
    if (match === null) continue;
    const values = match.slice(1).map(decode);
    const entries = route.fields.map((field, at) => [field, values[at] ?? ''] as const);
    return { route, variables: Object.fromEntries(entries) };
  }
  return undefined;
}

/** Source: https://github.com/googleapis/googleapis/blob/master/google/api/http.proto, path template syntax. */
function compileTemplate(template: string): { pattern: RegExp; fields: readonly string[] } {
  const fields: string[] = [];
  const source = template.split(/(\{[^}]+\})/).map((piece) => {
    const variable = /^\{([^=}]+)(?:=([^}]*))?\}$/.exec(piece);
    if (variable?.[1] === undefined) return escapePattern(piece);
    fields.push(toCamelCase(variable[1]));
    return `(${toSource(variable[2] ?? '*')})`;
  });
  return { pattern: new RegExp(`^${source.join('')}$`), fields };
}

function toSource(segments: string): string {
  const source = segments.split('/').map((segment) => {
    if (segment === '**') return '.+';
    return segment === '*' ? '[^/:]+' : escapePattern(segment);
  });
  return source.join('/');
}

/** Turns a proto field's name into its JSON name. */
export function toCamelCase(name: string): string {
  return name.replaceAll(/_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());
}

function escapePattern(text: string): string {
  return text.replaceAll(/[\\^$.*+?()[\]{}|]/g, '\\$&');
}

function decode(text: string): string {
  const decoded = decodeUrlText(text);
  if (decoded !== undefined) return decoded;
  throw new ApiError('INVALID_ARGUMENT', `The path is not well encoded: ${text}`);
}
