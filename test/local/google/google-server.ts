import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { permissions } from '../../../local/google/configuration.ts';
import { parseList, parseObject, parseText, type Table } from '../../../local/google/shape.ts';
import { type LocalServer, startServer, toolchain } from './local-server.ts';

/** Where batches of the tests live. */
export const parent = 'projects/local/locations/us-central1';

/** The accounts of the tests; the token of each is `<id>-token`. */
export const accounts = {
  submitter: toEmail('jg-submit-preprocess'),
  reader: toEmail('jg-read-local'),
  signer: toEmail('jg-sign-local'),
  runtime: toEmail('jg-run-preprocess'),
  /** May do everything. */
  owner: toEmail('owner'),
} as const;

/** Spark jobs, by the names that they have under `gs://jobgate-staging/jobs/`. */
const jobs = {
  'count.py': `
import sys, time
from pyspark.sql import SparkSession

spark = SparkSession.builder.getOrCreate()
print("waiting for", sys.argv[1])
path = spark._jvm.org.apache.hadoop.fs.Path(sys.argv[1])
files = path.getFileSystem(spark._jsc.hadoopConfiguration())
while not files.exists(path):
    time.sleep(0.1)
rows = spark.read.option("header", True).csv("gs://jobgate-data/rows.csv")
rows.write.json(sys.argv[2])
print("to stderr", file=sys.stderr)
print("rows:", rows.count())
`,
  'noop.py': 'print("nothing to do")\n',
  'fail.py': 'print("looking")\nraise ValueError("no rows in gs://x")\n',
  'hang.py': `
import os, subprocess, time

subprocess.Popen(["sleep", "600"], start_new_session=True)
print("names:", sorted(os.environ), flush=True)
time.sleep(600)
`,
  'pick.sql': "SELECT concat('picked ', ${most}, ' of ', '${day}');\n",
} as const;

/** Starts the local Google with the accounts and jobs of the tests. */
export function startGoogle(
  folder: string,
  changes: Table & { readonly run: string },
): Promise<LocalServer> {
  const { run, ...rest } = changes;
  const seed = Object.entries({ ...jobs }).map(([name, text]) => {
    const file = join(folder, name);
    writeFileSync(file, text);
    return { uri: `gs://jobgate-staging/jobs/${name}`, file };
  });
  const rows = join(folder, 'rows.csv');
  writeFileSync(rows, 'name,count\nowl,1\ngull,2\nheron,3\n');
  mkdirSync(join(folder, 'google'), { recursive: true });
  const config = { ...makeConfig(folder), ...rest };
  return startServer({ runtime: 'node', script: 'local/google/main.ts', run }, folder, {
    ...config,
    seed: [...seed, { uri: 'gs://jobgate-data/rows.csv', file: rows }],
  });
}

/** Makes the configuration that the tests start from; it has no seed. */
export function makeConfig(folder: string): Table {
  const secrets = { access: [], manage: [] };
  const nothing = { permissions: [], actAs: [], read: [], write: [], sign: false, secrets };
  return {
    project: 'local',
    region: 'us-central1',
    projectNumber: '123456789',
    dataDirectory: join(folder, 'google', 'data'),
    stdinIsLease: true,
    toolchain,
    awsSts: 'http://127.0.0.1:9',
    maxConcurrentRuns: 2,
    stateDirectory: null,
    checkCredentials: true,
    clusters: [],
    quotas: null,
    batchLabelFilter: false,
    ports: { google: 0, storage: 0 },
    tls: null,
    secrets: {},
    stagingBucket: 'jobgate-staging',
    buckets: ['jobgate-data', 'jobgate-staging', 'jobgate-results'],
    faults: true,
    workloadIdentity: {
      audience:
        '//iam.googleapis.com/projects/123456789/locations/global/workloadIdentityPools/p/providers/aws',
      awsAccount: '000000000000',
      impersonation: { 'submit-role': [accounts.submitter], 'sign-role': [accounts.signer] },
    },
    accounts: {
      [accounts.submitter]: { ...nothing, permissions, actAs: [accounts.runtime] },
      [accounts.reader]: {
        ...nothing,
        permissions: permissions.filter((name) => /\.(?:get|list)$/.test(name)),
        read: ['gs://jobgate-staging/google-cloud-dataproc-metainfo/', 'gs://jobgate-results/'],
        write: ['gs://jobgate-data/go/'],
      },
      [accounts.signer]: {
        ...nothing,
        read: ['gs://jobgate-results/'],
        write: ['gs://jobgate-results/uploads/'],
        sign: true,
      },
      [accounts.runtime]: nothing,
      [accounts.owner]: {
        ...nothing,
        permissions,
        actAs: [accounts.runtime],
        read: ['gs://jobgate-data/', 'gs://jobgate-staging/', 'gs://jobgate-results/'],
        write: ['gs://jobgate-data/', 'gs://jobgate-staging/', 'gs://jobgate-results/'],
      },
    },
    staticTokens: {
      'submitter-token': accounts.submitter,
      'reader-token': accounts.reader,
      'signer-token': accounts.signer,
      'runtime-token': accounts.runtime,
      'owner-token': accounts.owner,
    },
  };
}

/** An answer with its body parsed, or as text when it is no JSON. */
export interface Reply {
  readonly status: number;
  readonly body: unknown;
  readonly text: string;
}

/** Sends one request; the body becomes JSON unless it is text. */
export async function send(
  url: string,
  { method = 'GET', token, body, headers = {} }: SendOptions = {},
): Promise<Reply> {
  const response = await fetch(url, {
    method,
    headers: { ...headers, ...(token === undefined ? {} : { authorization: `Bearer ${token}` }) },
    ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  });
  const text = await response.text();
  const isJson = response.headers.get('content-type')?.includes('json') === true && text !== '';
  return { status: response.status, body: isJson ? JSON.parse(text) : text, text };
}

/** What a request has besides its address. */
export interface SendOptions {
  readonly method?: string;
  readonly token?: string;
  readonly body?: object | string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Makes the Batch of a job of the tests, to run as the runtime account. */
export function makeBatch(job: keyof typeof jobs, args: readonly string[] = []): Table {
  const executionConfig = { serviceAccount: accounts.runtime, ttl: '600s' };
  return {
    labels: { 'jg-template': 'sample' },
    pysparkBatch: { mainPythonFileUri: `gs://jobgate-staging/jobs/${job}`, args },
    environmentConfig: { executionConfig },
  };
}

/** Polls until the answer is there. */
export async function waitFor<T>(find: () => Promise<T | undefined>): Promise<T> {
  for (;;) {
    const found = await find();
    if (found !== undefined) return found;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

/** Returns the objects under an address, in order, with their content. */
export async function readObjects(
  storage: string,
  uri: string,
  token: string,
): Promise<readonly { readonly name: string; readonly text: string }[]> {
  const [, bucket = '', prefix = ''] = /^gs:\/\/([^/]+)\/(.*)$/.exec(uri) ?? [];
  const list = `${storage}/storage/v1/b/${bucket}/o`;
  const reply = await send(`${list}?prefix=${encodeURIComponent(prefix)}`, { token });
  const items = parseList(parseObject(reply.body, 'the list')['items'] ?? [], 'items', parseObject);
  const names = items.map((item) => parseText(item['name'], 'name')).sort();
  return Promise.all(
    names.map(async (name) => {
      const content = await send(`${list}/${encodeURIComponent(name)}?alt=media`, { token });
      return { name, text: content.text };
    }),
  );
}

/** Lists the processes of this machine whose environment holds the entry. */
export function listProcesses(entry: string): readonly string[] {
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  return pids.filter((pid) => {
    try {
      return readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0').includes(entry);
    } catch {
      return false;
    }
  });
}

function toEmail(id: string): string {
  return `${id}@local.iam.gserviceaccount.com`;
}
