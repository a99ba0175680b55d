import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import {
  CloudWatchLogsClient,
  CreateLogGroupCommand,
  CreateLogStreamCommand,
  GetLogEventsCommand,
  PutLogEventsCommand,
} from '@aws-sdk/client-cloudwatch-logs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createLogGroupWriter } from '../../shared/audit/log-group.ts';
import { createAuditReader } from '../../shared/audit/reader.ts';
import type { AuditReader } from '../../shared/jobs/ports.ts';
import type { Guard } from '../../shared/policy/guard.ts';
import { createSend } from '../../shared/transport.ts';
import { getStack } from '../support/api.ts';
import { makeAuditRecord } from '../support/audit-records.ts';
import { soon } from '../support/deployed-app.ts';
import { makeJobId } from '../support/job-records.ts';
import { createLogsClient } from '../support/log-groups.ts';
import { describeAuditReader } from './audit-reader.ts';

const KEYS = { accessKeyId: 'test', secretAccessKey: 'test' };
const now = (): Date => new Date();

interface Place {
  readonly logGroup: string;
  readonly logStream: string;
  readonly endpoint: string;
}

function createWriter({ logGroup, logStream, endpoint }: Place): Guard['record'] {
  return createLogGroupWriter({
    logGroup,
    logStream,
    endpoint,
    region: 'us-east-1',
    credentials: () => ({ ...KEYS, sessionToken: undefined }),
    send: createSend(now),
    now,
    sleep: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
  });
}

function createReader({ logGroup, endpoint }: Omit<Place, 'logStream'>): AuditReader {
  const credentials = () => ({ ...KEYS, sessionToken: undefined });
  return createAuditReader({ logGroup, endpoint, region: 'us-east-1', credentials, now });
}

/** Makes a log group of its own for a test. */
async function makePlace(): Promise<Place> {
  const place = { logGroup: `/test/${randomUUID()}`, logStream: 'function/1' };
  const client = createLogsClient();
  await client.send(new CreateLogGroupCommand({ logGroupName: place.logGroup }));
  client.destroy();
  return { ...place, endpoint: getStack().aws };
}

describeAuditReader(
  'of CloudWatch Logs, over what the writer wrote',
  async (held) => {
    const place = await makePlace();
    const write = createWriter(place);
    for (const record of held) await write(record, soon());
    return createReader(place);
  },
  soon,
);

describe('the writer of audit records', () => {
  it('leaves what the official client leaves, byte for byte and at the same time', async () => {
    const place = await makePlace();
    const record = makeAuditRecord({ rule: 'ü€\u{1f600}"\\\n', timestamp: now().toISOString() });
    await createWriter(place)(record, soon());
    const client = createLogsClient();
    const theirs = { logGroupName: place.logGroup, logStreamName: 'official/1' };
    await client.send(new CreateLogStreamCommand(theirs));
    const event = { timestamp: Date.parse(record.timestamp), message: JSON.stringify(record) };
    await client.send(new PutLogEventsCommand({ ...theirs, logEvents: [event] }));
    const read = async (logStreamName: string) => {
      const { events } = await client.send(new GetLogEventsCommand({ ...theirs, logStreamName }));
      return (events ?? []).map(({ timestamp, message }) => ({ timestamp, message }));
    };
    expect(await read(place.logStream)).toEqual([event]);
    expect(await read('official/1')).toEqual([event]);
    client.destroy();
  });

  it('loses nothing when many are written at once into a stream that is not there yet', async () => {
    const place = await makePlace();
    const write = createWriter(place);
    const job = makeJobId();
    const records = Array.from({ length: 20 }, (_, index) =>
      makeAuditRecord({ id: `id-${index}`, jobId: job, timestamp: now().toISOString() }),
    );
    await Promise.all(records.map((record) => write(record, soon())));
    const time = { fromMs: Date.now() - 60_000, toMs: Date.now() + 60_000, token: null };
    const { records: found } = await createReader(place).read({ job, ...time }, soon());
    expect(found.map(({ id }) => id).sort()).toEqual(records.map(({ id }) => id).sort());
  });

  it('says that the audit is unavailable when its log group is gone', async () => {
    const place = { ...(await makePlace()), logGroup: `/test/${randomUUID()}` };
    await expect(createWriter(place)(makeAuditRecord(), soon())).rejects.toMatchObject({
      code: 'upstream_unavailable',
      extras: { upstream: 'audit', retryAfter: 5 },
    });
  });
});

describe('on the wire', () => {
  const seen: { readonly target: unknown; readonly type: unknown; readonly body: unknown }[] = [];
  let throttling = false;
  let server: Server;
  let endpoint: string;

  beforeAll(async () => {
    server = createServer((request, response) => {
      void readBody(request).then((body) => {
        const { 'x-amz-target': target, 'content-type': type } = request.headers;
        seen.push({ target, type, body: JSON.parse(body) as unknown });
        response.writeHead(throttling ? 400 : 200, {
          'content-type': 'application/x-amz-json-1.1',
        });
        response.end(throttling ? '{"__type":"ThrottlingException"}' : '{}');
      });
    });
    await new Promise<void>((resolve) => {
      server.listen(0, '127.0.0.1', resolve);
    });
    endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });

  afterAll(() => {
    server.closeAllConnections();
    server.close();
  });

  it('the writer asks for what the official client asks for', async () => {
    const names = { logGroupName: '/test/wire', logStreamName: 'function/1' };
    const record = makeAuditRecord({ timestamp: new Date().toISOString() });
    await createWriter({ logGroup: '/test/wire', logStream: 'function/1', endpoint })(
      record,
      soon(),
    );
    const ours = seen.splice(0);
    const client = new CloudWatchLogsClient({ endpoint, region: 'us-east-1', credentials: KEYS });
    await client.send(new CreateLogStreamCommand(names));
    const event = { timestamp: Date.parse(record.timestamp), message: JSON.stringify(record) };
    await client.send(new PutLogEventsCommand({ ...names, logEvents: [event] }));
    client.destroy();
    expect(ours).toEqual(seen.splice(0));
    expect(ours).toHaveLength(2);
  });

  it('throttling is a 503 for writer and reader, after a bounded number of tries', async () => {
    throttling = true;
    const place = { logGroup: '/test/wire', logStream: 'function/1', endpoint };
    const unavailable = {
      code: 'upstream_unavailable',
      extras: { upstream: 'audit', retryAfter: 5 },
    };
    await expect(createWriter(place)(makeAuditRecord(), soon())).rejects.toMatchObject(unavailable);
    expect(seen.splice(0)).toHaveLength(4);
    const query = { job: makeJobId(), fromMs: 0, toMs: 1, token: null };
    await expect(createReader(place).read(query, soon())).rejects.toMatchObject(unavailable);
    expect(seen.splice(0)).toHaveLength(3);
  });
});

function readBody(request: IncomingMessage): Promise<string> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.once('end', () => {
      resolve(Buffer.concat(chunks).toString());
    });
    request.once('error', reject);
  });
}
