import { describe, expect, it } from 'vitest';
import { callApi, getStack, getToken } from '../support/api.ts';
import { ACCESS_GROUP, readLogGroup } from '../support/log-groups.ts';
import { findTokenTraces } from '../support/token-traces.ts';

describe('the stage’s access log', () => {
  it('has one line for an answer that the gateway made, under the id that the caller was told', async () => {
    const { body } = await callApi('/templates');
    const lines = (await readLogGroup(ACCESS_GROUP)).filter(
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
    const { status, headers } = await callApi('/templates/nope', { as: 'analyst' });
    expect(status).toBe(404);
    const lines = await readLogGroup(ACCESS_GROUP);
    const id = headers.get('x-amzn-requestid');
    expect(lines.find((line) => line['requestId'] === id)).toMatchObject({
      resourcePath: '/v1/templates/{template}',
      status: '404',
      caller: 'analyst',
      client: 'analyst',
      issuer: getStack().issuer,
      actor: '-',
      tokenId: expect.stringMatching(/^[\w-]{8,}$/) as string,
      responseType: '-',
    });
    expect(findTokenTraces(JSON.stringify(lines), [await getToken('analyst')])).toEqual([]);
  });
});
