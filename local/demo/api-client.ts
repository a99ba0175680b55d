/** What the demo needs to know of a running stack. */
export interface ApiAddress {
  /** Base of the API, ending in `/v1`. */
  readonly api: string;
  readonly tokenEndpoint: string;
}

/** A client's credentials at the identity provider. */
export interface ClientCredentials {
  readonly id: string;
  readonly secret: string;
}

/** One answer of the API. */
export interface ApiAnswer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Readonly<Record<string, unknown>>;
}

/** The API answered with something that the demo did not ask for. */
export class ApiError extends Error {
  override readonly name = 'ApiError';
}

/** Milliseconds for one call. */
const CALL_TIMEOUT_MS = 30_000;

/** Gets an access token by the client credentials grant. Source: RFC 6749 section 4.4. @throws ApiError. */
export async function fetchToken(
  address: ApiAddress,
  client: ClientCredentials,
  signal: AbortSignal,
): Promise<string> {
  const basic = Buffer.from(`${client.id}:${client.secret}`).toString('base64');
  const answer = await call(address.tokenEndpoint, {
    method: 'POST',
    headers: { authorization: `Basic ${basic}` },
    body: new URLSearchParams({ grant_type: 'client_credentials' }),
    signal,
  });
  const token = answer.body['access_token'];
  if (typeof token === 'string') return token;
  throw new ApiError(`the identity provider answered ${answer.status} without a token`);
}

/** Calls the API as the bearer of one token. */
export interface ApiClient {
  readonly get: (path: string) => Promise<ApiAnswer>;
  readonly post: (
    path: string,
    body: unknown,
    headers: Record<string, string>,
  ) => Promise<ApiAnswer>;
  /** Reads a file of a result: follows the link that the API gives. */
  readonly download: (path: string) => Promise<Uint8Array>;
}

/** Makes a client; every answer that is a problem is thrown as ApiError with its detail. */
export function createApiClient(
  address: ApiAddress,
  token: string,
  signal: AbortSignal,
): ApiClient {
  const authorization = `Bearer ${token}`;
  return {
    get: async (path) =>
      succeed(await call(address.api + path, { headers: { authorization }, signal })),
    post: async (path, body, headers) =>
      succeed(
        await call(address.api + path, {
          method: 'POST',
          headers: { authorization, 'content-type': 'application/json', ...headers },
          body: JSON.stringify(body),
          signal,
        }),
      ),
    download: async (path) => {
      const link = await call(address.api + path, {
        headers: { authorization },
        redirect: 'manual',
        signal,
      });
      const location = link.headers.get('location');
      if (link.status !== 303 || location === null) return fail(link);
      const file = await fetch(location, { signal: bound(signal) });
      if (!file.ok) throw new ApiError(`storage answered ${file.status} to a signed link`);
      return new Uint8Array(await file.arrayBuffer());
    },
  };
}

interface Call {
  readonly method?: string;
  readonly headers: Record<string, string>;
  readonly body?: string | URLSearchParams;
  readonly redirect?: 'manual';
  readonly signal: AbortSignal;
}

async function call(url: string, { signal, ...init }: Call): Promise<ApiAnswer> {
  const response = await fetch(url, { ...init, signal: bound(signal) });
  const text = await response.text();
  const body: unknown = text.startsWith('{') ? JSON.parse(text) : {};
  const members = typeof body === 'object' && body !== null ? { ...body } : {};
  return { status: response.status, headers: response.headers, body: members };
}

function bound(signal: AbortSignal): AbortSignal {
  return AbortSignal.any([signal, AbortSignal.timeout(CALL_TIMEOUT_MS)]);
}

function succeed(answer: ApiAnswer): ApiAnswer {
  return answer.status < 300 ? answer : fail(answer);
}

function fail(answer: ApiAnswer): never {
  const { title, detail, correlationId } = answer.body;
  throw new ApiError(
    `the API answered ${answer.status}: ${String(title)}. ${String(detail)} (correlation id ${String(correlationId)})`,
  );
}
