import type { APIGatewayAuthorizerResult, Statement } from 'aws-lambda';
import { toCallerContext, type Caller } from '../identity/caller.ts';
import { ROUTES, type Route } from './routes.ts';

/** What the answer depends on beside the caller. */
export interface AuthorizerResultOptions {
  /** The method that was asked for; only its API and stage count. */
  readonly methodArn: string;
  /** Value of the API key that the caller's requests are counted on. */
  readonly usageKey: string;
}

/**
 * Writes the authorizer's answer: a policy that allows every method the caller's scopes cover, and nothing else.
 * API Gateway caches it per token and replays it on other routes, so it never names only the route that was asked for.
 * Source: Amazon API Gateway, output from a Lambda authorizer; usage plans with API keys from an authorizer.
 */
export function toAuthorizerResult(
  caller: Caller,
  { methodArn, usageKey }: AuthorizerResultOptions,
): APIGatewayAuthorizerResult {
  const stageArn = methodArn.split('/', 2).join('/');
  const routes: readonly Route[] = Object.values(ROUTES);
  const allowed = routes.filter(
    (route) => route.authorized && (route.scope === null || caller.scopes.includes(route.scope)),
  );
  // Never empty: get-me is for every caller.
  const Resource = allowed.map((route) => toResource(stageArn, route));
  const statement: Statement = { Effect: 'Allow', Action: 'execute-api:Invoke', Resource };
  return {
    principalId: escapeForJson(caller.subject),
    policyDocument: { Version: '2012-10-17', Statement: [statement] },
    context: {
      ...toCallerContext(caller),
      callerJson: describeForGateway(caller),
      logIssuer: escapeForJson(caller.issuer),
      logClient: escapeForJson(caller.client),
      logActor: escapeForJson(caller.actor ?? ''),
      logTokenId: escapeForJson(caller.tokenId),
    },
    usageIdentifierKey: usageKey,
  };
}

/** A path parameter becomes `*`, which also crosses slashes: finer rules are the handlers'. */
function toResource(stageArn: string, route: Route): string {
  return `${stageArn}/${route.method}${route.path.replaceAll(/\{[^}]+\}/g, '*')}`;
}

/** Text that the gateway pastes between quotes in its access log, which is the audit record: no name may end them. */
function escapeForJson(text: string): string {
  return JSON.stringify(text).slice(1, -1);
}

/** JSON text that the gateway's own 403 pastes into its body: escaped here, because the gateway escapes nothing. */
function describeForGateway(caller: Caller): string {
  const { issuer, subject, client, scopes } = caller;
  return JSON.stringify({ issuer, subject, client, scopes });
}
