import {
  accounts,
  buckets,
  cluster,
  google,
  impersonation,
  workloadIdentityProvider,
} from '../../../local/up/accounts.ts';
import { parseConfiguration } from '../../../local/google/parse-configuration.ts';
import { parseJsonObject, type HttpRequest, type HttpResponse } from '../../../shared/transport.ts';
import type { AuditRecord } from '../../../shared/policy/audit-record.ts';
import { toAwsRefusal, toJson } from './answers.ts';
import { AwsError, parseMembers, parseText } from './attributes.ts';
import { startDataproc, type PlayedDataproc } from './dataproc.ts';
import { createPlayedDynamoDb, type PlayedDynamoDb } from './dynamodb.ts';
import type { Schedule } from './schedule.ts';

/** The services that Jobgate calls. */
export type ServiceName =
  'DynamoDB' | 'Logs' | 'Secrets Manager' | 'EventBridge' | 'STS' | 'IAM' | 'Dataproc' | 'Storage';

/** What a call is for: the service and its operation. */
export interface CallName {
  readonly service: ServiceName;
  readonly operation: string;
}

/** Everything that Jobgate calls, in this process: what is asked and answered is what would be on the wire. */
export interface PlayedCloud {
  readonly dynamodb: PlayedDynamoDb;
  readonly dataproc: PlayedDataproc;
  /** What the audit's log group has taken, as often as it took it. */
  readonly audited: readonly AuditRecord[];
  /** Ids of the events that the bus has taken, as often as it took them. */
  readonly told: readonly string[];
  readonly nameOf: (request: HttpRequest) => CallName;
  /** Answers a request; lists and indexes are as they were `lagMs` ago. */
  readonly answer: (request: HttpRequest, lagMs: number) => Promise<HttpResponse>;
}

/** Where a deployed function finds the cloud, and what the cloud lets its role do. */
export const CLOUD = {
  aws: 'http://127.0.0.1:1',
  google: 'http://127.0.0.1:2',
  storage: 'http://127.0.0.1:3',
} as const;

/** The role of a function, which signs its requests: the played IAM reads it where a real one asks AWS. */
export function toAccessKey(functionName: string): string {
  return `ASIA-jobgate-local-${functionName}`;
}

/** How a cloud is to be. */
export interface CloudOptions {
  /** Milliseconds by which Google's clock is ahead. */
  readonly skewMs?: number;
  /** Entries that a page of an index has at most. */
  readonly pageEntries?: number;
}

/** Starts the cloud without jobs or records; its Dataproc has the local stack's accounts and clusters. */
export function startCloud(
  schedule: Schedule,
  { skewMs = 0, pageEntries }: CloudOptions = {},
): PlayedCloud {
  const dynamodb = createPlayedDynamoDb(schedule.now, pageEntries);
  const dataproc = startDataproc(CONFIGURATION, {
    ...schedule,
    now: () => new Date(schedule.now().getTime() + skewMs),
  });
  dataproc.tokens.addStatic('watcher', WATCHER);
  const logs = createLogGroup();
  const identity = createIdentity(dataproc);
  const told: string[] = [];
  const services: Record<ServiceName, (request: HttpRequest, lagMs: number) => Answer> = {
    DynamoDB: (request, lagMs) => {
      dynamodb.lagNextQuery(lagMs);
      return answerAws(request, (operation, body) => dynamodb.call(operation, body));
    },
    Logs: (request) => answerAws(request, logs.call),
    'Secrets Manager': (request) => answerAws(request, () => ({ SecretString: '{}' })),
    EventBridge: (request) =>
      answerAws(request, (_operation, ids) => ({ taken: told.push(...(ids as string[])) })),
    STS: identity.exchange,
    IAM: identity.impersonate,
    Dataproc: dataproc.answer,
    // No driver that is played prints anything.
    Storage: () => toJson(200, {}),
  };
  const nameOf = (request: HttpRequest): CallName => nameCall(request, dataproc);
  return {
    dynamodb,
    dataproc,
    audited: logs.records,
    told,
    nameOf,
    answer: async (request, lagMs) => services[nameOf(request).service](request, lagMs),
  };
}

type Answer = HttpResponse | Promise<HttpResponse>;

const AWS_SERVICES: Readonly<Record<string, ServiceName | undefined>> = {
  DynamoDB_20120810: 'DynamoDB',
  Logs_20140328: 'Logs',
  secretsmanager: 'Secrets Manager',
  AWSEvents: 'EventBridge',
};

function nameCall(request: HttpRequest, dataproc: PlayedDataproc): CallName {
  const [target = '', operation = ''] = (request.headers['x-amz-target'] ?? '').split('.');
  const service = AWS_SERVICES[target];
  if (service !== undefined) return { service, operation };
  const { origin, pathname } = new URL(request.url);
  if (origin === CLOUD.storage) return { service: 'Storage', operation: 'list' };
  if (pathname === '/v1/token') return { service: 'STS', operation: 'token' };
  if (pathname.endsWith(':generateAccessToken'))
    return { service: 'IAM', operation: 'generateAccessToken' };
  return { service: 'Dataproc', operation: dataproc.nameOf(request) };
}

function answerAws(
  request: HttpRequest,
  work: (operation: string, body: unknown) => object,
): HttpResponse {
  const [, operation = ''] = (request.headers['x-amz-target'] ?? '').split('.');
  try {
    return toJson(200, work(operation, JSON.parse(request.body ?? '')));
  } catch (error) {
    if (error instanceof AwsError) return toAwsRefusal(400, error);
    throw error;
  }
}

/** The audit's log group: streams are made before they are written to. Source: CloudWatch Logs API reference. */
function createLogGroup(): {
  readonly records: readonly AuditRecord[];
  readonly call: (operation: string, body: unknown) => object;
} {
  const streams = new Set<string>();
  const records: AuditRecord[] = [];
  return {
    records,
    call: (operation, body) => {
      const members = parseMembers(body, operation, ['logGroupName', 'logStreamName', 'logEvents']);
      const stream = parseText(members['logStreamName'], 'logStreamName');
      if (operation === 'CreateLogStream') {
        if (streams.has(stream)) throw new AwsError('ResourceAlreadyExistsException', stream);
        streams.add(stream);
        return {};
      }
      if (operation !== 'PutLogEvents') throw new AwsError('UnknownOperationException', operation);
      if (!streams.has(stream)) throw new AwsError('ResourceNotFoundException', stream);
      const events = members['logEvents'] as readonly { readonly message: string }[];
      for (const { message } of events) records.push(JSON.parse(message) as AuditRecord);
      return { nextSequenceToken: '1' };
    },
  };
}

/** Google's STS and IAM Credentials: who a function's role may become is what the local stack's pool says. */
function createIdentity({ tokens, permissions }: PlayedDataproc): {
  readonly exchange: (request: HttpRequest) => HttpResponse;
  readonly impersonate: (request: HttpRequest) => HttpResponse;
} {
  return {
    exchange: (request) => {
      const signed = decodeURIComponent(
        new URLSearchParams(request.body).get('subject_token') ?? '',
      );
      const role = /Credential=ASIA-([\w-]+)\//.exec(signed)?.[1] ?? '';
      if (!permissions.admitsRole(role)) return toJson(403, { error: 'access_denied' });
      const { token } = tokens.issue({ kind: 'federated', role }, 3600);
      return toJson(200, { access_token: token, expires_in: 3600 });
    },
    impersonate: (request) => {
      const token = (request.headers['authorization'] ?? '').replace('Bearer ', '');
      const principal = tokens.find(token);
      const { pathname } = new URL(request.url);
      const email = decodeURIComponent(pathname).replace(/^.*\/|:[^:]*$/g, '');
      const role = principal?.kind === 'federated' ? principal.role : '';
      if (!permissions.mayImpersonate(role, email))
        return toJson(403, { error: { code: 403, status: 'PERMISSION_DENIED', message: email } });
      const lifetime = String(parseJsonObject(Buffer.from(request.body ?? '')).get('lifetime'));
      const issued = tokens.issue({ kind: 'account', email }, Number.parseInt(lifetime, 10));
      return toJson(200, { accessToken: issued.token, expireTime: issued.expiresAt.toISOString() });
    },
  };
}

const TOOL = '/nothing/is/run';
/** One who sees all jobs, for tests. */
const WATCHER = 'watcher@local.iam.gserviceaccount.com';
const NOTHING = {
  actAs: [],
  read: [],
  write: [],
  sign: false,
  secrets: { access: [], manage: [] },
};

/** Local Google as the local stack configures it, with nothing that would be started. */
const CONFIGURATION = parseConfiguration(
  JSON.stringify({
    project: google.project,
    region: google.region,
    projectNumber: google.projectNumber,
    dataDirectory: TOOL,
    stdinIsLease: false,
    toolchain: {
      python: TOOL,
      javaHome: TOOL,
      sparkHome: TOOL,
      gcsConnectorJar: TOOL,
      classArchive: null,
      fakeGcsServer: TOOL,
      node: TOOL,
    },
    awsSts: CLOUD.aws,
    maxConcurrentRuns: 1,
    stateDirectory: null,
    checkCredentials: true,
    clusters: [cluster],
    quotas: null,
    batchLabelFilter: false,
    ports: { google: 0, storage: 0 },
    tls: null,
    secrets: {},
    stagingBucket: buckets.staging,
    buckets: Object.values(buckets),
    seed: [],
    faults: false,
    workloadIdentity: {
      audience: workloadIdentityProvider,
      awsAccount: google.awsAccount,
      impersonation,
    },
    accounts: {
      ...accounts,
      [WATCHER]: {
        ...NOTHING,
        permissions: ['batches', 'jobs', 'operations'].flatMap((each) => [
          `dataproc.${each}.list`,
          `dataproc.${each}.delete`,
        ]),
      },
    },
    staticTokens: {},
  }),
);
