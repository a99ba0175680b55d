import { describe, expect, it } from 'vitest';
import { MOST_COUNTED, toMeView, type MeView } from '../../../shared/app/me.ts';
import type { Caller } from '../../../shared/identity/caller.ts';
import { toHolds } from '../../../shared/jobs/limits.ts';
import type { Catalog } from '../../../shared/templates/catalog.ts';
import type { TemplateName } from '../../../shared/templates/template.ts';
import { ANALYST } from '../../support/callers.ts';
import { createClock, FAR } from '../../support/clock.ts';
import { makeRecord } from '../../support/job-records.ts';
import { createMemoryRecords } from '../../support/memory-records.ts';
import { TIDY } from '../../support/templates.ts';

const now = createClock().now();

function show(
  caller: Caller,
  catalog: Catalog = [TIDY],
  records = createMemoryRecords(),
): Promise<MeView> {
  const publicUrl = 'https://api.example';
  return toMeView(caller, { catalog, publicUrl, records, now, deadline: FAR });
}

describe('the caller as Jobgate sees it', () => {
  it('is the identity, what it holds, what it may run and what is used, without the token’s id', async () => {
    const records = createMemoryRecords();
    const holds = toHolds({ caller: ANALYST, template: TIDY, limits: TIDY.limits, at: now });
    await records.putIfAbsent(makeRecord({ holds }), FAR);
    expect(await show(ANALYST, [TIDY], records)).toEqual({
      issuer: 'https://issuer.example',
      issuerName: 'test',
      subject: 'ana',
      client: 'notebook',
      actor: null,
      scopes: ['jobs:read', 'jobs:submit'],
      groups: ['analysts'],
      roles: [],
      plan: 'standard',
      expiresAt: '2026-01-15T13:00:00.000Z',
      templates: [
        {
          name: 'tidy',
          version: '1.2.0',
          rule: 'tidy.allow[0]',
          maxRuntimeSeconds: 1800,
          maxCost: { amount: '5.00', currency: 'USD' },
          limits: [
            {
              name: 'runs-per-day',
              most: 50,
              used: 1,
              left: 49,
              resetsAt: '2026-01-16T00:00:00.000Z',
            },
            { name: 'concurrent-per-caller', most: 2, used: 1, left: 1, resetsAt: null },
            { name: 'concurrent-per-template', most: 10, used: 1, left: 9, resetsAt: null },
          ],
          links: { self: 'https://api.example/v1/templates/tidy' },
        },
      ],
      links: {
        self: 'https://api.example/v1/me',
        templates: 'https://api.example/v1/templates',
      },
    });
  });

  it('is shown the limits of the rule that admits it', async () => {
    const rule = { groups: ['analysts'], limits: { maxRunsPerDay: 3, maxRuntimeSeconds: 700 } };
    const { templates } = await show(ANALYST, [{ ...TIDY, allow: [rule] }]);
    expect(templates).toMatchObject([
      { maxRuntimeSeconds: 700, limits: [{ name: 'runs-per-day', most: 3, left: 3 }, {}, {}] },
    ]);
  });

  it('may run nothing without jobs:submit, nor for a person whom no rule lets it act for', async () => {
    const reader = { ...ANALYST, groups: ['platform'], scopes: ['jobs:read'] };
    expect((await show(reader)).templates).toEqual([]);
    const agent = { ...ANALYST, actor: 'agent-7' };
    expect(await show(agent)).toMatchObject({ actor: 'agent-7', templates: [] });
  });

  it('costs one bounded read, however many templates there are', async () => {
    const catalog = Array.from({ length: MOST_COUNTED + 1 }, (_, index) => ({
      ...TIDY,
      name: `tidy-${index}` as TemplateName,
    }));
    const asked: number[] = [];
    const records = createMemoryRecords();
    const counting = {
      ...records,
      findUsage: (keys: readonly string[], deadline: Date) => {
        asked.push(keys.length);
        return records.findUsage(keys, deadline);
      },
    };
    const { templates } = await show(ANALYST, catalog, counting);
    expect(asked).toEqual([3 * MOST_COUNTED]);
    expect(templates.map(({ limits }) => limits === null)).toEqual([
      ...Array.from({ length: MOST_COUNTED }, () => false),
      true,
    ]);
  });
});
