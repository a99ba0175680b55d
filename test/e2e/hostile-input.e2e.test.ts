import { randomUUID } from 'node:crypto';
import aws4 from 'aws4';
import { beforeAll, describe, expect, it } from 'vitest';
import { callApi, getStack, getToken, signToken } from '../support/api.ts';
import { readEnvironment } from '../support/deployed-function.ts';
import {
  BODIES,
  chunk,
  HEADERS,
  json,
  OWN_JOB,
  PATHS,
  type Row,
  type Wire,
} from '../support/hostile-wires.ts';
import { sendRaw, type RawAnswer } from '../support/raw-http.ts';
import { getSucceededJob } from '../support/succeeded-job.ts';

let tokens: readonly string[] = [];
let sent = 0;
let [job, analyst] = ['', ''];

/** Tokens of analysts whom nobody else's jobs and requests are counted for. */
async function signAnalysts(): Promise<readonly string[]> {
  const [, payload = ''] = (await getToken('analyst')).split('.');
  const claims = JSON.parse(Buffer.from(payload, 'base64url').toString()) as object;
  const seconds = Math.floor(Date.now() / 1000);
  const sign = (index: number): Promise<string> =>
    signToken({
      ...claims,
      sub: `hostile-${index}-${randomUUID()}`,
      iat: seconds,
      exp: seconds + 900,
    });
  return Promise.all([...Array(8).keys()].map(sign));
}

function send(wire: Wire): Promise<RawAnswer> {
  const { origin, pathname } = new URL(getStack().api);
  const body = Buffer.from(wire.body ?? '');
  const token = wire.own === true ? analyst : (tokens[(sent += 1) % tokens.length] ?? '');
  const method = wire.method ?? 'POST';
  const isPost = method === 'POST';
  const head = [
    `${method} ${pathname}${(wire.path ?? '/jobs').replace(OWN_JOB, job)} HTTP/1.1`,
    `Host: ${new URL(origin).host}`,
    'Connection: close',
    `Authorization: Bearer ${token}`,
    ...(isPost && wire.type !== '' ? [`Content-Type: ${wire.type ?? 'application/json'}`] : []),
    ...(isPost && wire.framed === undefined ? [`Content-Length: ${body.length}`] : []),
    ...(wire.headers ?? []),
    '\r\n',
  ].join('\r\n');
  const parts = wire.framed ?? (isPost ? [body] : []);
  return sendRaw(origin, {
    parts: [Buffer.from(head, 'latin1'), ...parts],
    ...(wire.cut === true ? { cut: true } : {}),
  });
}

/** Counts what must not grow: jobs in the store and requests to Dataproc that make one. */
async function countJobs(): Promise<readonly number[]> {
  const { JOBGATE_TABLE: table } = await readEnvironment('jobgate-local-submit-job');
  const { aws, dataproc } = getStack();
  const body = JSON.stringify({
    TableName: table,
    Select: 'COUNT',
    FilterExpression: 'attribute_exists(document)',
  });
  const headers = {
    'content-type': 'application/x-amz-json-1.0',
    'x-amz-target': 'DynamoDB_20120810.Scan',
  };
  const request = {
    host: new URL(aws).host,
    path: '/',
    method: 'POST',
    service: 'dynamodb',
    region: 'us-east-1',
    headers,
    body,
  };
  const signed = aws4.sign(request, { accessKeyId: 'test', secretAccessKey: 'test' });
  const kept = Object.entries(signed.headers ?? {}).filter(
    ([name]) => !/^(host|content-length)$/i.test(name),
  );
  const scanned = await fetch(aws, {
    method: 'POST',
    headers: Object.fromEntries(kept.map(([name, value]) => [name, String(value)])),
    body,
  });
  const { Count: records } = (await scanned.json()) as { readonly Count: number };
  const asked = await fetch(new URL('/_local/requests', dataproc));
  const counts = (await asked.json()) as Readonly<Record<string, number>>;
  return [
    records,
    counts['CreateBatch'] ?? 0,
    counts['SubmitJob'] ?? 0,
    counts['InstantiateInlineWorkflowTemplate'] ?? 0,
  ];
}

let before: readonly number[] = [];

beforeAll(async () => {
  tokens = await signAnalysts();
  [job, analyst] = [await getSucceededJob(), await getToken('analyst')];
  before = await countJobs();
});

/** Holds a refusal to its status and to saying nothing of how things are made. */
function checkRefusal(answer: RawAnswer, status: Row[1]): void {
  expect([status].flat(), answer.text.slice(0, 600)).toContain(answer.status);
  expect(answer.text.length).toBeLessThan(60_000);
  expect(answer.text).not.toMatch(/Traceback|\bat [\w.<>]+ \(|node:internal|node_modules|\.ts:\d+/);
  for (const token of [...tokens, analyst]) expect(answer.text).not.toContain(token);
}

describe.each([
  ['a body', BODIES],
  ['a header', HEADERS],
  ['a path', PATHS],
] as const)('a request with %s that is hostile', (_part, rows) => {
  it.each(rows)('is refused as the caller’s fault: %s', async (_name, status, wire) => {
    checkRefusal(await send(wire), status);
  });
});

describe('a plan', () => {
  const planned = BODIES.filter(([, status]) => status === 422 || status === 409 || status === 404);

  it.each(planned)('says that no job would start: %s', async (_name, status, wire) => {
    const answer = await send({ ...wire, path: '/plans' });
    expect(answer.status).toBe(200);
    const body = answer.text.slice(answer.text.indexOf('\r\n\r\n') + 4);
    expect(JSON.parse(Buffer.from(body, 'latin1').toString())).toMatchObject({
      verdict: { starts: false, status },
    });
  });
});

describe('a body whose framing is hostile', () => {
  const chunked = 'Transfer-Encoding: chunked';

  it.each<Row>([
    ['a chunk of no length', 400, { headers: [chunked], framed: ['zz\r\nx\r\n0\r\n\r\n'] }],
    ['a negative length', 400, { headers: ['Content-Length: -1'], framed: [json()] }],
    [
      'two lengths',
      400,
      { headers: ['Content-Length: 5', 'Content-Length: 50'], framed: [json()] },
    ],
    [
      'a chunked body that is no JSON',
      400,
      { headers: [chunked], framed: [chunk('{"template":'), '0\r\n\r\n'] },
    ],
  ])('is refused: %s', async (_name, status, wire) => {
    checkRefusal(await send(wire), status);
  });

  it.each<readonly [string, Wire]>([
    ['in the middle of a chunk', { headers: [chunked], framed: ['ffff\r\n', json()], cut: true }],
    ['between two chunks', { headers: [chunked], framed: [chunk(json())], cut: true }],
    ['before its length', { headers: ['Content-Length: 60000'], framed: [json()], cut: true }],
  ])('is cut, and starts nothing: %s', async (_name, wire) => {
    const { status } = await send(wire);
    expect(status === undefined || (status >= 400 && status < 500)).toBe(true);
  });
});

describe('after all of them', () => {
  it('no job was recorded, and none was started', async () => {
    expect(await countJobs()).toEqual(before);
  });

  it('a good request by hand starts one job, so that the refusals mean something', async () => {
    const answer = await send({
      body: json(),
      headers: ['Idempotency-Key: "after \\"all\\""'.replaceAll(' \\', '-\\')],
    });
    expect(answer.status).toBe(202);
    const [, id = ''] = /"id":"(jg-[a-z2-7]{26})"/.exec(answer.text) ?? [];
    const token = tokens[sent % tokens.length] ?? '';
    expect((await callApi(`/jobs/${id}`, { token })).status).toBe(200);
    const after = await countJobs();
    expect(after.map((count, index) => count - (before[index] ?? 0))).toEqual([1, 1, 0, 0]);
  });
});
