/**
 * The code of the function behind the probe API: the query parameter `act` says what it does, and
 * without one it answers the event that it received.
 */
export const probeCode = `
const http = require('node:http');
let calls = 0;
const json = (value) => ({ statusCode: 200, body: JSON.stringify(value) });
const acts = {
  calls: () => json({ calls }),
  runtime: () => json({ node: process.version, pid: process.pid, environment: process.env }),
  unknownField: () => ({ statusCode: 200, body: 'x', extra: true }),
  objectBody: () => ({ statusCode: 200, body: { a: 1 } }),
  numberHeader: () => ({ statusCode: 200, headers: { 'X-Count': 1 }, body: '' }),
  text: () => 'not an answer',
  throwing: () => { throw new TypeError('boom'); },
  redirect: () => ({ statusCode: 303, headers: { Location: 'https://example.org/a%20b?x=1&y=2' }, body: '' }),
  cookies: () => ({ statusCode: 200, headers: { 'X-One': 'a', 'X-Two': 'c' },
    multiValueHeaders: { 'X-One': ['a', 'b'], 'Set-Cookie': ['p=1', 'q=2'] }, body: '' }),
  challenge: () => ({ statusCode: 403, headers: { 'WWW-Authenticate': 'Bearer error="insufficient_scope"' }, body: '' }),
  range: () => ({ statusCode: 206, headers: { 'Content-Range': 'bytes 0-3/10', 'content-type': 'text/plain' }, body: 'abcd' }),
  binary: () => ({ statusCode: 200, headers: { 'Content-Type': 'image/png' }, body: 'AP8Q', isBase64Encoded: true }),
  large: () => ({ statusCode: 200, body: 'x'.repeat(6291556) }),
  log: () => { console.log('two\\nlines %d', 7); process.stdout.write('{"plain":true}\\n'); return json({}); },
  slow: () => new Promise((resolve) => setTimeout(() => resolve(json({ late: true })), 1500)),
};
exports.handler = async (event, context) => {
  calls += 1;
  const act = acts[(event.queryStringParameters ?? {}).act];
  if (act) return act();
  return json({ event, logGroupName: context.logGroupName, awsRequestId: context.awsRequestId });
};`;

/** The code of the probe API's authorizer: the token says what it does. */
export const authorizerCode = `
let calls = 0;
exports.handler = async (event) => {
  calls += 1;
  const token = event.authorizationToken ?? event.headers.Authorization;
  const act = token.replace('Bearer ', '').split('-')[0];
  if (act === 'unauthorized') throw new Error('Unauthorized');
  if (act === 'broken') throw new Error('no keys');
  if (act === 'empty') return {};
  const effect = act === 'deny' ? 'Deny' : 'Allow';
  return {
    principalId: 'alice',
    policyDocument: { Version: '2012-10-17', Statement: [{ Action: 'execute-api:Invoke', Effect: effect, Resource: '*' }] },
    context: { calls, flag: true, who: 'a"b', ...(act === 'nested' ? { list: [1] } : {}) },
    ...(act === 'keyed' ? { usageIdentifierKey: 'probe-key-value-0123456789' } : {}),
  };
};`;
