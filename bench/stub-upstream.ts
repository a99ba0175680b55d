/**
 * Plays every service that submit-job and get-job call, for bench/submit-job.bench.ts: DynamoDB, CloudWatch Logs, Secrets
 * Manager and STS of AWS, Google's STS, IAM Credentials and Dataproc. A process of its own, on loopback, over plain http.
 *
 *     node bench/stub-upstream.ts
 *
 * Prints `{"ready":true,"address":"http://127.0.0.1:…"}` when it serves; ends when standard input does. It answers at once
 * what the real service answers when all is well, keeps the items that are put and checks no condition, signature or token.
 * `GET /calls` gives the calls since the last such request, by service and operation, as JSON.
 */
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';

interface Answer {
  readonly status?: number;
  readonly body: string;
}

interface Operation {
  /** As the benchmark names it. */
  readonly name: string;
  readonly answer: (body: string) => Answer;
}

/** Items by their key `jobId`. */
const items = new Map<string, unknown>();
let calls = new Map<string, number>();

function json(value: unknown): Answer {
  return { body: JSON.stringify(value) };
}

/** The members that requests have here; only what this benchmark sends is read. */
interface AwsBody {
  readonly TransactItems?: readonly { readonly Put?: { readonly Item: Item } }[];
  readonly Item?: Item;
  readonly Key?: Item;
}

interface Item {
  readonly jobId: { readonly S: string };
}

function parse(body: string): AwsBody {
  return JSON.parse(body) as AwsBody;
}

function keep(item: Item | undefined): Answer {
  if (item !== undefined) items.set(item.jobId.S, item);
  return json({});
}

/** What AWS's JSON services answer, by `X-Amz-Target`. Source: the API reference of each. */
const targets: Readonly<Record<string, Operation['answer']>> = {
  'DynamoDB_20120810.TransactWriteItems': (body) =>
    keep(parse(body).TransactItems?.find(({ Put }) => Put !== undefined)?.Put?.Item),
  'DynamoDB_20120810.PutItem': (body) => keep(parse(body).Item),
  'DynamoDB_20120810.GetItem': (body) => {
    const item = items.get(parse(body).Key?.jobId.S ?? '');
    return json(item === undefined ? {} : { Item: item });
  },
  'DynamoDB_20120810.BatchGetItem': () => json({ Responses: {}, UnprocessedKeys: {} }),
  'Logs_20140328.CreateLogStream': () => ({ body: '' }),
  'Logs_20140328.PutLogEvents': () => json({ nextSequenceToken: '1' }),
  'secretsmanager.GetSecretValue': () =>
    json({ Name: 'switches', SecretString: '{}', VersionStages: ['AWSCURRENT'] }),
};

/** Seconds that a token lives; IAM Credentials is asked for 20 minutes. */
const tokenSeconds = { federated: 3600, account: 1200 };

const caller =
  '<GetCallerIdentityResponse><GetCallerIdentityResult>' +
  '<Arn>arn:aws:sts::000000000000:assumed-role/jobgate-local-submit-job/bench</Arn>' +
  '</GetCallerIdentityResult></GetCallerIdentityResponse>';

/** What else is called, by method and path. Source: the REST reference of each service. */
const routes: readonly (Operation & { readonly pattern: RegExp })[] = [
  {
    name: 'AWS STS GetCallerIdentity',
    pattern: /^POST \/\?Action=GetCallerIdentity/,
    answer: () => ({ body: caller }),
  },
  {
    name: 'Google STS token',
    pattern: /^POST \/v1\/token$/,
    answer: () =>
      json({
        access_token: 'federated',
        issued_token_type: 'urn:ietf:params:oauth:token-type:access_token',
        token_type: 'Bearer',
        expires_in: tokenSeconds.federated,
      }),
  },
  {
    name: 'IAM Credentials generateAccessToken',
    pattern: /^POST \/v1\/projects\/-\/serviceAccounts\/[^/]+:generateAccessToken$/,
    answer: () => {
      const expireTime = new Date(Date.now() + tokenSeconds.account * 1000).toISOString();
      return json({ accessToken: 'account', expireTime });
    },
  },
  {
    name: 'Dataproc CreateBatch',
    pattern: /^POST \/v1\/projects\/[^/]+\/locations\/[^/]+\/batches\?/,
    answer: () => {
      const type = 'type.googleapis.com/google.cloud.dataproc.v1.BatchOperationMetadata';
      const metadata = { '@type': type, operationType: 'BATCH', description: 'Batch' };
      return json({ name: 'projects/local/regions/us-central1/operations/1', metadata });
    },
  },
  {
    name: 'Dataproc GetBatch',
    pattern: /^GET \/v1\/projects\/[^/]+\/locations\/[^/]+\/batches\/[^/]+$/,
    answer: () => json({ state: 'RUNNING', stateTime: new Date().toISOString() }),
  },
];

function findOperation({ method, url, headers }: IncomingMessage): Operation {
  const target = headers['x-amz-target'];
  const byTarget = typeof target === 'string' ? targets[target] : undefined;
  if (typeof target === 'string' && byTarget !== undefined)
    return { name: target.replace(/^([A-Za-z]+)(?:_\d+)?\./, '$1 '), answer: byTarget };
  const line = `${method ?? ''} ${url ?? ''}`;
  const route = routes.find(({ pattern }) => pattern.test(line));
  const answer = (): Answer => ({ status: 404, body: '{}' });
  return route ?? { name: `unknown ${String(target ?? line)}`, answer };
}

function takeCalls(): Answer {
  const taken = json(Object.fromEntries(calls));
  calls = new Map();
  return taken;
}

const server = createServer((request, response) => {
  void text(request).then((body) => {
    const operation = findOperation(request);
    const isControl = request.url === '/calls';
    if (!isControl) calls.set(operation.name, (calls.get(operation.name) ?? 0) + 1);
    const answer = isControl ? takeCalls() : operation.answer(body);
    const headers = { 'content-type': 'application/json', connection: 'keep-alive' };
    response.writeHead(answer.status ?? 200, headers).end(answer.body);
  });
});
server.keepAliveTimeout = 600_000;
server.listen(0, '127.0.0.1', () => {
  const { port } = server.address() as AddressInfo;
  const address = `http://127.0.0.1:${port}`;
  process.stdout.write(`${JSON.stringify({ ready: true, address, pid: process.pid })}\n`);
});
process.stdin.resume().once('end', () => process.exit(0));
