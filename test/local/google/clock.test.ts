import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Clock } from '../../../local/google/clock.ts';

const start = new Date('2026-11-21T14:00:00Z');
let fired: string[];
let clock: Clock;

beforeEach(() => {
  vi.useFakeTimers({ now: start });
  fired = [];
  clock = new Clock();
});

afterEach(() => {
  vi.useRealTimers();
});

function startTimer(name: string, seconds: number): () => void {
  return clock.startTimer(seconds, () => fired.push(name));
}

describe('the clock of the local Dataproc', () => {
  it('is the machine’s until it is moved ahead', () => {
    expect(clock.now()).toEqual(start);
    clock.moveAhead(90);
    clock.moveAhead(30);
    expect(clock.now()).toEqual(new Date('2026-11-21T14:02:00Z'));
    vi.advanceTimersByTime(1000);
    expect(clock.now()).toEqual(new Date('2026-11-21T14:02:01Z'));
  });

  it('calls back once, when the time has come', () => {
    startTimer('a', 600);
    vi.advanceTimersByTime(599_999);
    expect(fired).toEqual([]);
    vi.advanceTimersByTime(600_000);
    expect(fired).toEqual(['a']);
  });

  it('calls back what is due when it is moved ahead, and the rest sooner', () => {
    startTimer('a', 600);
    startTimer('b', 900);
    clock.moveAhead(600);
    expect(fired).toEqual([]);
    vi.advanceTimersByTime(0);
    expect(fired).toEqual(['a']);
    vi.advanceTimersByTime(299_999);
    expect(fired).toEqual(['a']);
    vi.advanceTimersByTime(1);
    expect(fired).toEqual(['a', 'b']);
    clock.moveAhead(900);
    vi.advanceTimersByTime(0);
    expect(fired).toEqual(['a', 'b']);
  });

  it('does not call back what was cancelled, moved ahead or not', () => {
    startTimer('a', 600)();
    clock.moveAhead(600);
    vi.advanceTimersByTime(600_000);
    expect(fired).toEqual([]);
  });
});
