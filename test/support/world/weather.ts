import type { CallName } from './cloud.ts';
import { listFaults } from './drill.ts';
import type { Fault } from './faults.ts';
import type { Random } from './random.ts';

/** How rough a run is: of how many calls something befalls one. */
export interface Weather {
  readonly faults: number;
  readonly kills: number;
  /** Of how many lists one lags behind. */
  readonly lags: number;
  /** Of how many calls to Dataproc one is refused for good, as if its account had lost a right. */
  readonly refusals: number;
}

const WEATHERS = {
  calm: { faults: 0, kills: 0, lags: 0.2, refusals: 0 },
  windy: { faults: 0.03, kills: 0.01, lags: 0.3, refusals: 0 },
  rough: { faults: 0.12, kills: 0.03, lags: 0.3, refusals: 0 },
  stormy: { faults: 0.3, kills: 0.06, lags: 0.5, refusals: 0 },
  lawless: { faults: 0.05, kills: 0.03, lags: 0.3, refusals: 0.1 },
} as const satisfies Record<string, Weather>;

/** Chooses the weather of a run. */
export function chooseWeather(random: Random): Weather {
  return WEATHERS[random.weigh({ calm: 1, windy: 4, rough: 3, stormy: 1, lawless: 1 })];
}

/** Milliseconds by which lists and indexes lag behind: a bus of updates, a busy one, a bad day. */
const LAGS_MS = [500, 5_000, 60_000];
/** Milliseconds after which a request that its caller has given up is done at the latest. */
const LATEST_MS = 60_000;

/** Chooses what befalls a call; undefined for nothing. */
export function chooseFault(call: CallName, weather: Weather, random: Random): Fault | undefined {
  const { faults, kills, lags, refusals } = weather;
  if (call.service === 'Dataproc' && random.chance(refusals))
    return { kind: 'says', word: 'PERMISSION_DENIED', worked: false };
  if (random.chance(kills)) return { kind: 'kill', worked: random.chance(0.5) };
  const all = listFaults(call);
  if (random.chance(faults)) {
    const fault = random.pick(all.filter(({ kind }) => kind !== 'kill' && kind !== 'lag'));
    if (fault.kind !== 'timeout' || fault.lateMs === undefined) return fault;
    const never = { kind: 'timeout', worked: false } as const;
    return random.chance(0.3) ? never : { ...never, lateMs: random.between(0, LATEST_MS) };
  }
  const lists = all.some(({ kind }) => kind === 'lag');
  return lists && random.chance(lags) ? { kind: 'lag', lagMs: random.pick(LAGS_MS) } : undefined;
}
