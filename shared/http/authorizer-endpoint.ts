import type { APIGatewayAuthorizerResult, APIGatewayRequestAuthorizerEvent } from 'aws-lambda';
import { describeCaller } from '../identity/caller.ts';
import { TokenRefusedError } from '../identity/refusal.ts';
import type { ToUsageKey } from '../identity/usage-key.ts';
import type { VerifyToken } from '../identity/verify.ts';
import { describeCause, type Log, type LogFields } from '../log.ts';
import { toAuthorizerResult } from './authorizer-response.ts';

/** What judges a request, made from the configuration. */
export interface Authorizer {
  readonly verify: VerifyToken;
  readonly toUsageKey: ToUsageKey;
}

/** What the authorizer needs from outside. */
export interface AuthorizerOptions {
  readonly authorizer: () => Authorizer;
  readonly log: Log;
}

/** API Gateway answers 401 for this message and no other. Source: API Gateway, Lambda authorizer output. */
const UNAUTHORIZED = 'Unauthorized';

/**
 * Serves one authorizer event. A refused token is 401 by the one message that API Gateway knows; everything else that
 * is thrown, such as an issuer whose keys cannot be read, becomes the gateway's 500 class and never an allow.
 * The line about a refusal explains it and is not its record: that is the stage's access log, with the same requestId.
 */
export async function serveAuthorizer(
  event: APIGatewayRequestAuthorizerEvent,
  options: AuthorizerOptions,
): Promise<APIGatewayAuthorizerResult> {
  const log = options.log.with({ requestId: event.requestContext.requestId });
  try {
    const { verify, toUsageKey } = options.authorizer();
    const caller = await verify(readAuthorization(event));
    log.write('info', 'authenticated', { caller: describeCaller(caller) });
    return toAuthorizerResult(caller, {
      methodArn: event.methodArn,
      usageKey: toUsageKey(caller),
    });
  } catch (error) {
    if (error instanceof TokenRefusedError) {
      log.write('warn', 'refused', { ...describeRequest(event), ...describeRefusal(error) });
      // eslint-disable-next-line preserve-caught-error -- the runtime prints what is thrown, and a cause may hold claims
      throw new Error(UNAUTHORIZED);
    }
    log.write('error', 'failed', { ...describeRequest(event), cause: describeCause(error) });
    // eslint-disable-next-line preserve-caught-error -- as above
    throw new Error('AuthorizerFailure');
  }
}

/** What was asked for is read from the ARN, which API Gateway makes. */
function describeRequest({
  methodArn,
  requestContext,
}: APIGatewayRequestAuthorizerEvent): LogFields {
  const [, , httpMethod = '', ...path] = methodArn.split('/');
  return { httpMethod, path: `/${path.join('/')}`, sourceIp: requestContext.identity.sourceIp };
}

function describeRefusal({ reason, claim, evidence }: TokenRefusedError): LogFields {
  return {
    ...{ code: 'invalid_token', decision: 'deny', rule: reason },
    ...(claim === null ? {} : { claim }),
    ...(evidence === null ? {} : { kid: evidence.keyId.slice(0, MAX_KEY_ID_CHARACTERS) }),
    ...present('issuer', evidence?.issuerName),
    ...present('alg', evidence?.algorithm),
    ...present('subjectHash', evidence?.subjectHash),
    ...present('tokenIdHash', evidence?.tokenIdHash),
  };
}

/** A key id is the sender's text, and nobody's is longer: hashes of keys have 43 characters. */
const MAX_KEY_ID_CHARACTERS = 80;

function present(name: keyof LogFields, value: string | null | undefined): LogFields {
  return value === null || value === undefined ? {} : { [name]: value };
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
