import { describe, expect, it } from 'vitest';
import { createUsageKeys } from '../../shared/identity/usage-key.ts';
import { callApi, getStack, signToken, type Answer } from '../support/api.ts';
import { ANALYST } from '../support/callers.ts';
import { ACCESS_GROUP, readLogGroup } from '../support/log-groups.ts';

/** More than the burst of the plan `limited`, whose rate would take six seconds for the rest. */
const REQUESTS = 40;

const toUsageKey = createUsageKeys({ deployment: 'jobgate-local', planKeys: 4, issuers: [] });

/** The key on which the requests of an agent's person are counted. */
function toKey(subject: string): string {
  return toUsageKey({ ...ANALYST, issuer: getStack().issuer, subject, plan: 'limited' });
}

/** A token of a person for whom an agent acts: those are on the plan `limited`. */
function signForAgent(subject: string): Promise<string> {
  const seconds = Math.floor(Date.now() / 1000);
  const { issuer, audience } = getStack();
  return signToken({
    iss: issuer,
    aud: audience,
    sub: subject,
    client_id: 'agents',
    jti: `throttling-${subject}`,
    scope: 'jobs:read',
    act: { sub: 'agent-7' },
    iat: seconds,
    exp: seconds + 300,
  });
}

/** Sends more requests than the key of a person has, and gives those that were refused. */
async function exhaust(person: string): Promise<readonly Answer[]> {
  const token = await signForAgent(person);
  exhausted.add(toKey(person));
  const first = await callApi('/me', { token });
  expect(first.body).toMatchObject({ plan: 'limited', actor: 'agent-7' });
  const calls = Array.from({ length: REQUESTS }, () => callApi('/me', { token }));
  return (await Promise.all(calls)).filter(({ status }) => status !== 200);
}

/** Keys that have been used up here. */
const exhausted = new Set<string>();

/**
 * Names a person whose requests are counted on a key that has not been used up here, nor is that of the person for whom
 * other tests act. The plan has four keys, which is enough for two who use theirs up and one more.
 */
function namePerson(): string {
  const names = Array.from({ length: 200 }, (_, index) => `person-${index}`);
  const name = names.find(
    (each) => !exhausted.has(toKey(each)) && toKey(each) !== toKey('analyst'),
  );
  if (name === undefined) throw new Error('two hundred people are on the keys that are used up');
  return name;
}

describe('a caller on the plan limited', () => {
  it('gets 429 in the shape of a problem, with one line in the access log, while others are served', async () => {
    const hurried = namePerson();
    const refused = await exhaust(hurried);
    expect(new Set(refused.map(({ status }) => status))).toEqual(new Set([429]));
    const served = await callApi('/me', { as: 'analyst' });
    expect(served.status).toBe(200);

    const [answer] = refused;
    expect(answer?.headers.get('retry-after')).toBe('1');
    expect(answer?.headers.get('content-type')).toContain('application/problem+json');
    expect(answer?.body).toMatchObject({
      code: 'throttled',
      status: 429,
      retryAfter: 1,
      retryable: true,
    });

    const ids = refused.map(({ body }) => body['correlationId']);
    expect(new Set(ids).size).toBe(refused.length);
    const lines = (await readLogGroup(ACCESS_GROUP)).filter(
      ({ responseType }) => responseType === 'THROTTLED',
    );
    expect(
      lines
        .map(({ requestId }) => requestId)
        .filter((id) => ids.includes(id))
        .sort(),
    ).toEqual(ids.toSorted());
    expect(lines.at(-1)).toMatchObject({
      status: '429',
      resourcePath: '/v1/me',
      caller: hurried,
      actor: 'agent-7',
      issuer: getStack().issuer,
    });
  });

  it('is not held up by another one whose requests are counted on another key', async () => {
    const hasty = namePerson();
    expect((await exhaust(hasty)).length).toBeGreaterThan(0);
    const patient = await signForAgent(namePerson());
    expect((await callApi('/me', { token: patient })).status).toBe(200);
  });

  it('gains nothing by sending a key of a better plan', async () => {
    const token = await signForAgent(namePerson());
    const key = toUsageKey({ ...ANALYST, issuer: getStack().issuer, plan: 'automation' });
    const calls = Array.from({ length: REQUESTS }, () =>
      callApi('/me', { token, headers: { 'x-api-key': key } }),
    );
    const statuses = (await Promise.all(calls)).map(({ status }) => status);
    expect(new Set(statuses)).toEqual(new Set([200, 429]));
  });
});
