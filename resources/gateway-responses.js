import { parseOrigins } from './cors.js';

const UNKNOWN_ROUTE = {
  code: 'route_not_found',
  title: 'There is no such route',
  status: 404,
  detail: 'The README and docs list the routes; all begin with /v1.',
};
const FAILED_AUTHORIZER = {
  code: 'upstream_unavailable',
  title: 'An upstream service is unavailable',
  status: 503,
  detail: 'Your token could not be checked now; this says nothing about the token.',
  retryAfter: 5,
};
const SAME_REQUEST = 'Send the same request again, a POST under the same Idempotency-Key.';
const FAILED_FUNCTION = {
  code: 'upstream_error',
  title: 'An upstream service failed',
  status: 502,
  detail: `The function behind this route failed. ${SAME_REQUEST}`,
  retryAfter: 5,
};
const TOO_MANY = { code: 'throttled', title: 'Too many requests', status: 429 };

/**
 * Answers that API Gateway makes itself, by response type: rows of shared/problem.ts. A token sent to a route that does
 * not exist is taken for a bad signature, hence INVALID_SIGNATURE and DEFAULT_4XX, which keeps the gateway's status.
 * Source: https://docs.aws.amazon.com/apigateway/latest/developerguide/supported-gateway-response-types.html
 */
const ANSWERS = {
  UNAUTHORIZED: {
    code: 'invalid_token',
    title: 'The access token is missing or invalid',
    status: 401,
    detail: 'Send a valid access token as Authorization: Bearer.',
    challenge: true,
  },
  ACCESS_DENIED: {
    code: 'insufficient_scope',
    title: 'The token lacks a scope this operation needs',
    status: 403,
    detail:
      'Reading needs the scope jobs:read, submitting jobs:submit; caller shows who you are and which scopes your token has.',
    challenge: true,
    saysWhoYouAre: true,
  },
  MISSING_AUTHENTICATION_TOKEN: UNKNOWN_ROUTE,
  INVALID_SIGNATURE: UNKNOWN_ROUTE,
  RESOURCE_NOT_FOUND: UNKNOWN_ROUTE,
  BAD_REQUEST_BODY: {
    code: 'invalid_json',
    title: 'The body is not a JSON object',
    status: 400,
    detail: 'Send a JSON object.',
  },
  REQUEST_TOO_LARGE: {
    code: 'payload_too_large',
    title: 'The body is too large',
    status: 413,
    detail: 'The body may have at most 65536 bytes.',
  },
  UNSUPPORTED_MEDIA_TYPE: {
    code: 'unsupported_media_type',
    title: 'The content type is not application/json',
    status: 415,
    detail: 'Send the body as Content-Type: application/json.',
  },
  THROTTLED: { ...TOO_MANY, detail: 'Slow down and send the request again.', retryAfter: 1 },
  QUOTA_EXCEEDED: { ...TOO_MANY, detail: 'The plan’s quota is used up.', retryAfter: 3600 },
  INVALID_API_KEY: {
    ...FAILED_AUTHORIZER,
    detail: 'The gateway does not know your usage plan’s key, as while a deployment is under way.',
  },
  AUTHORIZER_FAILURE: FAILED_AUTHORIZER,
  AUTHORIZER_CONFIGURATION_ERROR: FAILED_AUTHORIZER,
  INTEGRATION_FAILURE: FAILED_FUNCTION,
  INTEGRATION_TIMEOUT: {
    code: 'upstream_timeout',
    title: 'An upstream service did not answer in time',
    status: 504,
    detail: `The function behind this route did not answer in time. ${SAME_REQUEST}`,
    retryAfter: 5,
  },
  DEFAULT_4XX: {
    code: 'invalid_request',
    title: 'The request is malformed',
    detail:
      'The gateway refused the request. It refuses a route that does not exist in this way too; all routes begin with /v1 and are listed in the README.',
  },
  DEFAULT_5XX: FAILED_FUNCTION,
};

/** What a page of the listed origin may read of such an answer. */
const EXPOSED = 'Retry-After, WWW-Authenticate, X-Correlation-Id';

/** The gateway responses of the deployment, with its parameters publicUrl, accessHelp and corsOrigins. */
export async function resources({ resolveVariable }) {
  const read = (name) => resolveVariable(name);
  return renderGatewayResponses({
    publicUrl: await read('param:publicUrl'),
    accessHelp: parseAccessHelp(await read('param:accessHelp')),
    origins: parseOrigins(await read('param:corsOrigins'), await read('sls:stage')),
  });
}

/** Makes the resources; `publicUrl` is text for Fn::Sub. */
export function renderGatewayResponses(deployment) {
  const all = Object.entries(ANSWERS).map(([type, answer]) => [
    toLogicalId(type),
    renderResponse(type, answer, deployment),
  ]);
  return {
    Resources: Object.fromEntries(all),
    // A stage serves the gateway responses that existed when it was deployed. The deployment waits for every method, so
    // one method waits for them all.
    extensions: { ApiGatewayMethodV1HealthGet: { DependsOn: all.map(([id]) => id) } },
  };
}

/** Text that the gateway pastes into JSON unescaped: a plain sentence, or an https URL. */
export function parseAccessHelp(text) {
  const isPlain =
    typeof text === 'string' &&
    /^[^"\\$<>\p{Cc}\u2028\u2029]{1,300}$/u.test(text) &&
    text.trim() === text;
  if (isPlain && (!text.startsWith('http') || isHttps(text))) return text;
  throw new Error(
    'the parameter accessHelp must be a sentence or an https URL of at most 300 characters, without quotes, backslashes, dollar signs, angle brackets and line breaks',
  );
}

function isHttps(text) {
  return /^https:\/\/\S+$/.test(text) && URL.canParse(text);
}

function toLogicalId(type) {
  const words = type.split('_').map((word) => word[0] + word.slice(1).toLowerCase());
  return `Gateway${words.join('').replace('xx', 'XX')}`;
}

function renderResponse(type, answer, deployment) {
  return {
    Type: 'AWS::ApiGateway::GatewayResponse',
    Properties: {
      RestApiId: { Ref: 'ApiGatewayRestApi' },
      ResponseType: type,
      ...(answer.status === undefined ? {} : { StatusCode: String(answer.status) }),
      ResponseParameters: renderHeaders(answer, deployment),
      ResponseTemplates: { 'application/json': renderBody(answer, deployment.accessHelp) },
    },
  };
}

function renderHeaders({ code, retryAfter, challenge }, { publicUrl, origins }) {
  const headers = {
    'Content-Type': "'application/problem+json'",
    'Cache-Control': "'no-store'",
    'X-Content-Type-Options': "'nosniff'",
    'Strict-Transport-Security': "'max-age=31536000'",
    'X-Correlation-Id': 'context.requestId',
    ...(retryAfter === undefined ? {} : { 'Retry-After': `'${retryAfter}'` }),
    ...(challenge === true ? { 'WWW-Authenticate': renderChallenge(code, publicUrl) } : {}),
    ...renderCors(origins),
  };
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [`gatewayresponse.header.${name}`, value]),
  );
}

/** Source: RFC 6750 section 3; RFC 9728 section 5.1. */
function renderChallenge(code, publicUrl) {
  const metadata = `${publicUrl}/.well-known/oauth-protected-resource/v1`;
  return {
    'Fn::Sub': `'Bearer realm="jobgate", error="${code}", resource_metadata="${metadata}"'`,
  };
}

/**
 * A gateway response knows fixed values and parts of the request, and cannot choose. To reflect the request's origin
 * would open the answers to every page, so they carry the first listed origin: pages of another listed one see that
 * such a request failed, not why.
 */
function renderCors([origin]) {
  if (origin === undefined) return {};
  return {
    'Access-Control-Allow-Origin': `'${origin}'`,
    'Access-Control-Expose-Headers': `'${EXPOSED}'`,
    Vary: "'Origin'",
  };
}

/** Static text with simple variables; callerJson is JSON text that the authorizer has escaped. */
function renderBody({ code, title, status, detail, retryAfter, saysWhoYouAre }, accessHelp) {
  const isLink = accessHelp.startsWith('https://');
  const whereToAsk = saysWhoYouAre === true && isLink ? { requestAccess: accessHelp } : undefined;
  const text = JSON.stringify({
    type: `urn:jobgate:problem:${code}`,
    title,
    status,
    detail: saysWhoYouAre === true && !isLink ? `${detail} ${accessHelp}` : detail,
    ...(saysWhoYouAre === true
      ? { caller: CALLER, operation: '$context.httpMethod $context.resourcePath' }
      : {}),
    links: whereToAsk,
    retryAfter,
    code,
    correlationId: '$context.requestId',
    retryable: retryAfter !== undefined,
  });
  return text.replace(JSON.stringify(CALLER), CALLER);
}

const CALLER = '$context.authorizer.callerJson';
