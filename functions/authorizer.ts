import type { APIGatewayAuthorizerResult, APIGatewayRequestAuthorizerEvent } from 'aws-lambda';
import { buildAuthorizer } from '../shared/app/identity.ts';
import { createRuntime } from '../shared/app/runtime.ts';
import { serveAuthorizer } from '../shared/http/authorizer-endpoint.ts';

const runtime = createRuntime();
const authorizer = buildAuthorizer(runtime);

/** Tells API Gateway who calls and which methods the token's scopes cover. */
export function handler(
  event: APIGatewayRequestAuthorizerEvent,
): Promise<APIGatewayAuthorizerResult> {
  return serveAuthorizer(event, { authorizer, log: runtime.log.with({ function: 'authorizer' }) });
}
