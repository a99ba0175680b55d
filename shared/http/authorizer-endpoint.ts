import type { APIGatewayAuthorizerResult, APIGatewayRequestAuthorizerEvent } from 'aws-lambda';
import { describeCaller } from '../identity/caller.ts';
import { TokenRefusedError, type VerifyToken } from '../identity/verify.ts';
import { describeCause, type Log } from '../log.ts';
import { toAuthorizerResult } from './authorizer-response.ts';

/** What the authorizer needs from outside. */
export interface AuthorizerOptions {
  readonly verifier: () => VerifyToken;
  readonly log: Log;
}

/** API Gateway answers 401 for this message and no other. Source: API Gateway, Lambda authorizer output. */
const UNAUTHORIZED = 'Unauthorized';

/**
 * Serves one authorizer event. A refused token is 401 by the one message that API Gateway knows; everything else that
 * is thrown, such as an issuer whose keys cannot be read, becomes the gateway's 500 class and never an allow.
 */
export async function serveAuthorizer(
  event: APIGatewayRequestAuthorizerEvent,
  options: AuthorizerOptions,
): Promise<APIGatewayAuthorizerResult> {
  const log = options.log.with({ requestId: event.requestContext.requestId });
  try {
    const caller = await options.verifier()(readAuthorization(event));
    log.write('info', 'authenticated', { caller: describeCaller(caller) });
    return toAuthorizerResult(caller, event.methodArn);
  } catch (error) {
    if (error instanceof TokenRefusedError) {
      log.write('audit', 'refused', {
        code: 'invalid_token',
        decision: 'deny',
        rule: error.reason,
      });
      // eslint-disable-next-line preserve-caught-error -- the runtime prints what is thrown, and a cause may hold claims
      throw new Error(UNAUTHORIZED);
    }
    log.write('error', 'failed', { cause: describeCause(error) });
    // eslint-disable-next-line preserve-caught-error -- as above
    throw new Error('AuthorizerFailure');
  }
}

/** Two Authorization headers are as good as none. */
function readAuthorization(event: APIGatewayRequestAuthorizerEvent): string | undefined {
  const values = Object.entries(event.multiValueHeaders ?? {})
    .filter(([name]) => name.toLowerCase() === 'authorization')
    .flatMap(([, list]) => list ?? []);
  if (values.length > 1) return undefined;
  const [single] = values;
  if (single !== undefined) return single;
  const headers = Object.entries(event.headers ?? {});
  return headers.find(([name]) => name.toLowerCase() === 'authorization')?.[1];
}
