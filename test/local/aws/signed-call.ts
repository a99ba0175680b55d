import aws4 from 'aws4';

/** An AWS client of a few lines: whoever the key names calls, root when the key is unknown. */
export interface Credentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
}

const rootCredentials: Credentials = { accessKeyId: 'test', secretAccessKey: 'test' };

/** Calls a JSON protocol operation, such as ('logs', 'Logs_20140328.GetLogEvents', {…}). */
export async function callJson(
  endpoint: string,
  service: string,
  target: string,
  input: object,
): Promise<Readonly<Record<string, unknown>>> {
  const response = await send(endpoint, service, JSON.stringify(input), {
    'content-type': 'application/x-amz-json-1.1',
    'x-amz-target': target,
  });
  const output: unknown = JSON.parse(response.body);
  if (response.status >= 300) throw new Error(`${target}: ${response.body}`);
  return typeof output === 'object' && output !== null ? { ...output } : {};
}

/** Calls a query protocol operation, such as ('sts', {Action: 'GetCallerIdentity', …}). */
export async function callQuery(
  endpoint: string,
  service: string,
  parameters: Readonly<Record<string, string>>,
  credentials = rootCredentials,
): Promise<{ readonly status: number; readonly body: string }> {
  const form = new URLSearchParams(parameters).toString();
  const type = { 'content-type': 'application/x-www-form-urlencoded' };
  return send(endpoint, service, form, type, credentials);
}

async function send(
  endpoint: string,
  service: string,
  body: string,
  headers: Readonly<Record<string, string>>,
  credentials = rootCredentials,
): Promise<{ readonly status: number; readonly body: string }> {
  const { host } = new URL(endpoint);
  const signed = aws4.sign(
    {
      host,
      service,
      region: 'us-east-1',
      method: 'POST',
      path: '/',
      headers: { ...headers },
      body,
    },
    { ...credentials },
  );
  const sent = new Headers();
  for (const [name, value] of Object.entries(signed.headers ?? {})) sent.set(name, String(value));
  const response = await fetch(endpoint, { method: 'POST', headers: sent, body });
  return { status: response.status, body: await response.text() };
}
