import { describe, expect, it } from 'vitest';
import { createSwitchesCache, type GetSwitches } from '../../../shared/app/switches-cache.ts';
import { Problem } from '../../../shared/problem.ts';
import { createClock, FAR, type FakeClock } from '../../support/clock.ts';
import { createLogRecorder, type LogRecorder } from '../../support/log-lines.ts';

interface Bench {
  readonly clock: FakeClock;
  readonly recorder: LogRecorder;
  readonly deadlines: readonly Date[];
  readonly get: GetSwitches;
  /** The reason of the admission switch, by which a document is told apart from another. */
  readonly reason: () => Promise<string | null>;
  /** What the next looks find: a document, or a failure. */
  readonly set: (found: string | Error) => void;
}

const DOWN = new Problem('upstream_unavailable', 'Secrets Manager cannot be reached.');

function document(reason: string): string {
  return JSON.stringify({ admission: { open: true, reason } });
}

function createBench(): Bench {
  const clock = createClock();
  const recorder = createLogRecorder();
  const deadlines: Date[] = [];
  let found: string | Error = document('first');
  const get = createSwitchesCache({
    read: (deadline) => {
      deadlines.push(deadline);
      return found instanceof Error ? Promise.reject(found) : Promise.resolve(found);
    },
    freshMs: 30_000,
    now: clock.now,
    log: recorder.log,
  });
  return {
    clock,
    recorder,
    deadlines,
    get,
    reason: async () => (await get(FAR)).admission.reason,
    set: (next) => {
      found = next;
    },
  };
}

const CLOSED = {
  code: 'upstream_unavailable',
  detail: 'Who may use the API at present cannot be found out. Try again.',
  extras: { upstream: 'switches', retryAfter: 5 },
};

describe('the switches', () => {
  it('are read once for requests at the same time, within two seconds', async () => {
    const { get, deadlines } = createBench();
    const [one, other] = await Promise.all([get(FAR), get(FAR)]);
    expect(one).toBe(other);
    expect(deadlines).toEqual([new Date('2026-01-15T12:00:02.000Z')]);
  });

  it('are never waited for longer than the request’s own deadline', async () => {
    const { get, deadlines } = createBench();
    const soon = new Date('2026-01-15T12:00:01.000Z');
    await get(soon);
    expect(deadlines).toEqual([soon]);
  });

  it('are served without another look for 30 seconds, and looked at after that', async () => {
    const { clock, reason, set, deadlines } = createBench();
    expect(await reason()).toBe('first');
    set(document('second'));
    clock.advance(30_000);
    expect([await reason(), deadlines.length]).toEqual(['first', 1]);
    clock.advance(1);
    expect([await reason(), deadlines.length]).toEqual(['second', 2]);
  });

  it('are looked at again after the clock was set back', async () => {
    const { clock, reason, set } = createBench();
    await reason();
    set(document('second'));
    clock.advance(-1);
    expect(await reason()).toBe('second');
  });

  it.each([
    ['cannot be read', DOWN, 'warn', 'switches not read'],
    ['are malformed', '{"denied": {"subject": []}}', 'error', 'switches malformed'],
  ])(
    'that %s are those before until they are 60 seconds old',
    async (_name, found, level, message) => {
      const { clock, reason, set, recorder } = createBench();
      await reason();
      set(typeof found === 'string' ? found : found);
      clock.advance(60_000);
      expect(await reason()).toBe('first');
      expect(recorder.entries()).toMatchObject([{ level, message }]);
      clock.advance(1);
      await expect(reason()).rejects.toMatchObject(CLOSED);
    },
  );

  it('are not looked for again within five seconds of a failure, while those before serve', async () => {
    const { clock, reason, set, deadlines } = createBench();
    await reason();
    set(DOWN);
    clock.advance(30_001);
    await reason();
    set(document('second'));
    clock.advance(4_999);
    expect([await reason(), deadlines.length]).toEqual(['first', 2]);
    clock.advance(1);
    expect([await reason(), deadlines.length]).toEqual(['second', 3]);
  });

  it('let nobody in when they were never read, and are looked for by every request', async () => {
    const { reason, set, deadlines } = createBench();
    set(DOWN);
    await expect(reason()).rejects.toMatchObject({ ...CLOSED, cause: DOWN });
    await expect(reason()).rejects.toMatchObject(CLOSED);
    set(document('second'));
    expect([await reason(), deadlines.length]).toEqual(['second', 3]);
  });

  it('are never repeated in the log when they are malformed', async () => {
    const { reason, set, recorder } = createBench();
    set('{"denied": {"subjects": [{"issuer": "i", "subject": " secret-name"}]}}');
    await expect(reason()).rejects.toMatchObject(CLOSED);
    expect(recorder.entries()).toMatchObject([
      { cause: expect.stringContaining('denied.subjects[0].subject') as string },
    ]);
    expect(recorder.lines.join('')).not.toContain('secret-name');
  });
});
