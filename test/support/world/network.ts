import type { HttpRequest, HttpResponse, Send } from '../../../shared/transport.ts';
import type { CallName, PlayedCloud } from './cloud.ts';
import { describeFault, say, toFailure, type Fault, type FaultPlan } from './faults.ts';
import type { Schedule } from './schedule.ts';

/** What the network between a process and the cloud needs. */
export interface NetworkOptions {
  readonly cloud: PlayedCloud;
  readonly schedule: Schedule;
  readonly plan: FaultPlan;
  /** Milliseconds that a request, or an answer, is on its way. */
  readonly tripMs: () => number;
  readonly note: (line: string) => void;
  /** When the platform ends the process, whatever it is at. */
  readonly endsAt: () => Date;
}

/** The network as one process sees it, and the way to end the process. */
export interface Network {
  readonly send: Send;
  /** Calls that the process has made, in their order. */
  readonly calls: readonly CallName[];
  readonly sleep: (ms: number) => Promise<void>;
  /** Ends the process: it sends nothing more, and no answer reaches it. */
  readonly kill: () => void;
  /** Resolves when the process has been ended. */
  readonly killed: Promise<undefined>;
}

/** A request that was not in time, and the promise of those who are no more, goes on no further. */
const NEVER = new Promise<never>(() => undefined);

/** Makes the network of a process. */
export function createNetwork(options: NetworkOptions): Network {
  const { schedule } = options;
  const calls: CallName[] = [];
  const ended = Promise.withResolvers<undefined>();
  let alive = true;
  const kill = (): void => {
    alive = false;
    ended.resolve(undefined);
  };
  const lives = (): boolean => {
    if (alive && schedule.now() > options.endsAt()) kill();
    return alive;
  };
  const live = async <T>(work: Promise<T>): Promise<T> => {
    try {
      const value = await work;
      return await (lives() ? value : NEVER);
    } catch (error) {
      if (lives()) throw error;
      return NEVER;
    }
  };
  const send: Send = (request) => {
    if (!lives()) return NEVER;
    const call = options.cloud.nameOf(request);
    const fault = options.plan(call, calls.length);
    calls.push(call);
    if (fault !== undefined)
      options.note(`${call.service} ${call.operation} #${calls.length}: ${describeFault(fault)}`);
    return live(exchange(request, { ...options, call, fault, kill }));
  };
  const sleep = (ms: number): Promise<void> => (lives() ? live(schedule.sleep(ms)) : NEVER);
  return { send, calls, sleep, kill, killed: ended.promise };
}

interface Exchange extends NetworkOptions {
  readonly call: CallName;
  readonly fault: Fault | undefined;
  readonly kill: () => void;
}

async function exchange(request: HttpRequest, parts: Exchange): Promise<HttpResponse> {
  const { fault, schedule, call, cloud } = parts;
  const deadlineMs = request.deadline.getTime();
  if (schedule.now().getTime() >= deadlineMs || fault?.kind === 'refused')
    throw toFailure('refused');
  if (fault?.kind === 'kill' && !fault.worked) return die(parts);
  await travel(parts);
  const lagMs = fault?.kind === 'lag' ? fault.lagMs : 0;
  const work = (): Promise<HttpResponse> => cloud.answer(request, lagMs);
  switch (fault?.kind) {
    case undefined:
    case 'lag':
      break;
    case 'cut':
      if (fault.worked) await work();
      throw toFailure('cut');
    case 'timeout':
      return expire(parts, { fault, work, deadlineMs });
    case 'says':
      if (fault.worked) await work();
      return say(call, fault.word, request);
    case 'kill':
      if (fault.worked) await work();
      return die(parts);
    default:
      return fault satisfies never;
  }
  const answer = await work();
  await travel(parts);
  // An answer that comes when nobody waits for it any more.
  if (schedule.now().getTime() >= deadlineMs) throw toFailure('timeout');
  return answer;
}

function travel({ schedule, tripMs }: Exchange): Promise<void> {
  return schedule.sleep(tripMs());
}

function die({ kill }: Exchange): Promise<never> {
  kill();
  return NEVER;
}

async function expire(
  { schedule }: Exchange,
  {
    fault,
    work,
    deadlineMs,
  }: {
    readonly fault: Fault & { readonly kind: 'timeout' };
    readonly work: () => Promise<HttpResponse>;
    readonly deadlineMs: number;
  },
): Promise<never> {
  if (fault.worked) await work();
  await schedule.sleep(Math.max(0, deadlineMs - schedule.now().getTime()));
  const { lateMs } = fault;
  if (lateMs !== undefined) schedule.startTimer(lateMs / 1000, () => void work());
  throw toFailure('timeout');
}
