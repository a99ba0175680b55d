import { createServer, type IncomingMessage, type Server } from 'node:http';
import { afterEach, describe, expect, it } from 'vitest';
import { findAwsCaller } from '../../../../local/google/identity/aws-identity.ts';
import { listenOnLoopback } from '../../../../local/google/api/http-exchange.ts';

const signed = {
  host: 'sts.us-east-1.amazonaws.com',
  headers: { host: 'sts.us-east-1.amazonaws.com', authorization: 'AWS4-HMAC-SHA256 x' },
};
const assumedRole = 'arn:aws:sts::000000000000:assumed-role/submit-role/session';
let server: Server | undefined;

afterEach(() => {
  server?.close();
});

/** Starts an AWS STS that answers everybody the same. */
async function startSts(
  status: number,
  arn: string,
  onRequest: (request: IncomingMessage) => void = () => undefined,
): Promise<string> {
  server = createServer((request, response) => {
    onRequest(request);
    const result = `<GetCallerIdentityResult><Arn>${arn}</Arn></GetCallerIdentityResult>`;
    response.writeHead(status, { 'content-type': 'text/xml', connection: 'close' }).end(result);
  });
  return listenOnLoopback(server);
}

describe('the question who signed a request', () => {
  it('is asked with what was signed: method, query, host and headers', async () => {
    const seen: (string | undefined)[] = [];
    const address = await startSts(200, assumedRole, ({ method, url, headers }) => {
      seen.push(method, url, headers.host, headers.authorization);
    });
    expect(await findAwsCaller(signed, address)).toEqual({
      kind: 'role',
      account: '000000000000',
      role: 'submit-role',
      session: 'session',
    });
    expect(seen).toEqual([
      'POST',
      '/?Action=GetCallerIdentity&Version=2011-06-15',
      'sts.us-east-1.amazonaws.com',
      'AWS4-HMAC-SHA256 x',
    ]);
  });

  it.each([
    ['a user', 200, 'arn:aws:iam::000000000000:user/somebody'],
    ['the root of the account', 200, 'arn:aws:iam::000000000000:root'],
    ['a federated user', 200, 'arn:aws:sts::000000000000:federated-user/somebody'],
    ['an ARN with more to it', 200, `${assumedRole}/more`],
  ])('finds no role when AWS names %s', async (_, status, arn) => {
    expect(await findAwsCaller(signed, await startSts(status, arn))).toEqual({
      kind: 'refused',
      reason: 'AWS STS does not name an assumed role',
    });
  });

  it('finds no role when AWS refuses, whatever the body says', async () => {
    expect(await findAwsCaller(signed, await startSts(403, assumedRole))).toEqual({
      kind: 'refused',
      reason: 'AWS STS refuses the request: status 403',
    });
  });

  it('fails when AWS fails or is not there', async () => {
    const address = await startSts(503, assumedRole);
    await expect(findAwsCaller(signed, address)).rejects.toThrow('AWS STS answered 503');
    server?.close();
    await expect(findAwsCaller(signed, address)).rejects.toThrow('AWS STS does not answer');
  });
});
