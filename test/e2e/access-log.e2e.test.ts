import { CloudWatchLogsClient, FilterLogEventsCommand } from '@aws-sdk/client-cloudwatch-logs';
import { describe, expect, it } from 'vitest';
import { callApi, getStack } from '../support/api.ts';

const LOG_GROUP = '/aws/api-gateway/jobgate-local';

/** The stage's access log, line by line; each must be one JSON object. */
async function readAccessLog(): Promise<readonly Readonly<Record<string, unknown>>[]> {
  const client = new CloudWatchLogsClient({
    endpoint: getStack().aws,
    region: 'us-east-1',
    credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
  });
  const { events } = await client.send(new FilterLogEventsCommand({ logGroupName: LOG_GROUP }));
  client.destroy();
  return (events ?? []).map(
    ({ message }) => JSON.parse(message ?? '') as Readonly<Record<string, unknown>>,
  );
}

describe('the stage’s access log', () => {
  it('has one line for an answer that the gateway made, under the id that the caller was told', async () => {
    const { body } = await callApi('/templates');
    const lines = (await readAccessLog()).filter(
      (line) => line['requestId'] === body['correlationId'],
    );
    expect(lines).toHaveLength(1);
    expect(lines[0]).toMatchObject({
      service: 'jobgate',
      message: 'access',
      httpMethod: 'GET',
      resourcePath: '/v1/templates',
      status: '401',
      responseType: 'UNAUTHORIZED',
      sourceIp: '127.0.0.1',
      caller: '-',
    });
  });

  it('names the caller of an answer that a function made, and never a token', async () => {
    const { status } = await callApi('/templates/nope', { as: 'analyst' });
    expect(status).toBe(404);
    const lines = await readAccessLog();
    expect(lines.at(-1)).toMatchObject({
      resourcePath: '/v1/templates/{template}',
      status: '404',
      caller: 'analyst',
      client: 'analyst',
      issuer: getStack().issuer,
    });
    expect(JSON.stringify(lines)).not.toContain('eyJ');
  });
});
