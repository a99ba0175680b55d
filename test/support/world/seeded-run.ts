import { listUnannounced } from '../../../shared/jobs/announcement.ts';
import { isTerminal } from '../../../shared/jobs/job.ts';
import { TARGET_KINDS, type TargetKind } from '../../../shared/config/targets.ts';
import { listDrivers, playDriver } from './chance-drivers.ts';
import { damageCounter, deleteEnded } from './damage.ts';
import { OWNER } from './drill.ts';
import type { FaultPlan } from './faults.ts';
import type { FunctionName, FunctionProcess } from './function-process.ts';
import {
  findContradictions,
  findMisleading,
  findOverrun,
  findTwiceNew,
  findUnsettled,
  findUntold,
  type Grounds,
} from './invariants.ts';
import { makeTemplate } from './deployment.ts';
import { createRandom, type Random } from './random.ts';
import { createRandomSchedule, type Schedule } from './schedule.ts';
import { chooseFault, chooseWeather, type Weather } from './weather.ts';
import { startWorld, type Answered, type World } from './world.ts';

/** What came of a run: what does not hold, which is nothing, and its story. */
export interface PlayedRun {
  readonly wrong: readonly string[];
  readonly story: readonly string[];
}

/**
 * Plays the run of a seed: callers, functions, Dataproc and the table's keeper do what chance says, while calls fail and
 * processes end as chance says; then nothing fails any more, and the sweep runs until it has nothing left to do.
 */
export async function playSeed(seed: number): Promise<PlayedRun> {
  const random = createRandom(seed);
  const real = Math.random;
  Math.random = random.next;
  try {
    return await new Run(random).play();
  } finally {
    Math.random = real;
  }
}

/** One run under way. */
class Run {
  readonly #random: Random;
  readonly #schedule: Schedule;
  readonly #world: World;
  readonly #weather: Weather;
  readonly #grounds: Grounds;
  readonly #callers: readonly string[];
  readonly #idle = new Map<FunctionName, FunctionProcess[]>();
  readonly #answered: Answered[] = [];
  readonly #wrong: string[] = [];
  #isQuiet = false;
  #isDamaged = false;
  #versions = 0;

  constructor(random: Random) {
    this.#random = random;
    this.#schedule = createRandomSchedule(random);
    const kinds = TARGET_KINDS.filter(() => random.chance(0.6));
    const tripMs = (): number => random.between(1, 40);
    this.#world = startWorld({
      schedule: this.#schedule,
      kinds: kinds.length === 0 ? [random.pick(TARGET_KINDS)] : kinds,
      tripMs,
      skewMs: random.between(-3_000, 3_000),
      pageEntries: random.pick([1, 3, 1_000]),
    });
    this.#weather = chooseWeather(random);
    this.#grounds = { refuses: this.#weather.refusals > 0 };
    this.#callers = ['ana', 'ben', 'cleo'].slice(0, random.between(1, 3));
  }

  async play(): Promise<PlayedRun> {
    const rounds = this.#random.between(3, 8);
    for (let round = 1; round <= rounds; round += 1) {
      const acts = Array.from({ length: this.#random.between(1, 5) }, () => this.#act());
      await this.#schedule.run(acts.flat());
      if (!this.#isDamaged) this.#wrong.push(...findOverrun(this.#world));
      await this.#passTime();
    }
    this.#wrong.push(...(await findContradictions(this.#world)));
    this.#isQuiet = true;
    this.#world.note('from now on nothing fails');
    await this.#comeToRest();
    this.#wrong.push(...(await this.#findUnkept()));
    return { wrong: [...new Set(this.#wrong)], story: this.#world.story };
  }

  /** Starts something; several of the same where that is what callers do. */
  #act(): readonly Promise<void>[] {
    const act = this.#random.weigh({
      post: 8,
      look: 4,
      cancel: 3,
      sweep: 4,
      drive: 6,
      publish: 1,
      damage: 1,
      forget: 0.5,
    });
    switch (act) {
      case 'post':
        return this.#post();
      case 'look':
        return [this.#ask('get-job')];
      case 'cancel':
        return [this.#ask('cancel-job')];
      case 'sweep':
        return [this.#sweep()];
      case 'drive':
        return [this.#drive()];
      case 'publish':
        this.#publish();
        return [];
      case 'damage':
        this.#isDamaged = true;
        damageCounter(this.#world, this.#random);
        return [];
      case 'forget':
        return [deleteEnded(this.#world, this.#random)];
      default:
        return act satisfies never;
    }
  }

  /** One request, or the same one from several clients at once. */
  #post(): readonly Promise<void>[] {
    const random = this.#random;
    const template = random.pick(this.#world.catalog).name;
    const subject = random.pick(this.#callers);
    const key = `key-${random.between(1, 3)}`;
    const mode = random.chance(0.9) ? 'fast' : 'full';
    const body = { template, parameters: { input: 'gs://inputs/open/a.csv', mode } };
    const asked = { caller: { ...OWNER, subject }, key, body };
    const clients = random.chance(0.3) ? random.between(2, 3) : 1;
    return Array.from({ length: clients }, () => this.#serve('submit-job', asked));
  }

  async #ask(name: 'get-job' | 'cancel-job'): Promise<void> {
    const records = this.#world.records();
    if (records.length === 0) return;
    const { id, submittedBy } = this.#random.pick(records);
    const subject = this.#random.chance(0.9)
      ? submittedBy.subject
      : this.#random.pick(this.#callers);
    const caller = { ...OWNER, subject };
    await this.#serve(name, { caller, job: id, cancel: name === 'cancel-job' });
  }

  async #serve(name: FunctionName, asked: Answered['asked']): Promise<void> {
    await this.#use(name, async (process) => {
      const answered = await this.#world.ask(process, asked);
      const { answer } = answered;
      this.#world.note(`${name} ${describeAnswer(answered)}`);
      this.#answered.push(answered);
      this.#wrong.push(...findMisleading(answered, this.#world, this.#grounds));
      return answer !== undefined;
    });
  }

  async #sweep(): Promise<void> {
    await this.#use('sweep-jobs', async (process) => {
      const summary = await process.sweep();
      const figures = typeof summary === 'object' ? Object.entries(summary) : [];
      const said = figures.flatMap(([name, figure]) =>
        figure === 0 ? [] : [`${name} ${String(figure)}`],
      );
      this.#world.note(`sweep-jobs: ${summary === 'failed' ? summary : said.join(', ')}`);
      return summary !== undefined;
    });
  }

  /** An idle process of a function, or a new one, does something; one that has not ended is idle again. */
  async #use(
    name: FunctionName,
    work: (process: FunctionProcess) => Promise<boolean>,
  ): Promise<void> {
    await this.#schedule.sleep(this.#random.between(0, 3_000));
    const idle = this.#idle.get(name) ?? [];
    this.#idle.set(name, idle);
    const warm = this.#random.chance(0.7) ? idle.pop() : undefined;
    const process = warm ?? this.#world.start(name, this.#plan);
    if (await work(process)) idle.push(process);
  }

  /** What befalls a call. */
  readonly #plan: FaultPlan = (call) =>
    this.#isQuiet ? undefined : chooseFault(call, this.#weather, this.#random);

  /** Drivers begin, and end well or badly. */
  async #drive(): Promise<void> {
    for (let steps = this.#random.between(1, 4); steps > 0; steps -= 1) {
      await this.#schedule.sleep(this.#random.between(0, 4_000));
      const drivers = listDrivers(this.#world);
      if (drivers.length > 0) playDriver(this.#world, this.#random.pick(drivers), this.#random);
    }
  }

  /** A template has another version from now on, for processes that start from now on. */
  #publish(): void {
    const { catalog } = this.#world;
    const at = this.#random.between(0, catalog.length - 1);
    const [before] = catalog.slice(at);
    if (before === undefined) return;
    this.#versions += 1;
    const digest = `sha256:${String(this.#versions).padStart(64, '0')}`;
    const version = `2.0.${this.#versions}`;
    const kind = before.name.replace('tidy-', '') as TargetKind;
    catalog[at] = makeTemplate(kind, { version, digest });
    this.#world.note(`${before.name} is at ${version}`);
  }

  async #passTime(): Promise<void> {
    const random = this.#random;
    const minutes = { soon: 0, later: 1.5, minutes: 17, hours: 200, day: 1_500 };
    const much = random.weigh({ soon: 6, later: 3, minutes: 2, hours: 0.3, day: 0.1 });
    const ms = random.between(0, 20_000) + minutes[much] * 60_000;
    await this.#schedule.run([this.#schedule.sleep(ms)]);
    this.#world.note(`${Math.round(ms / 1000)} seconds pass`);
  }

  /** Minutes after each sweep: jobs that are missing are lost after a quarter of an hour, and caps are an hour at most. */
  static readonly #PAUSES = [1, 1, 1, 16, 16, 1, 45, 1, 16, 16, 1, 1, 1, 1, 1, 1];

  async #comeToRest(): Promise<void> {
    for (const minutes of Run.#PAUSES) {
      for (const driver of listDrivers(this.#world)) {
        if (this.#random.chance(0.7)) playDriver(this.#world, driver, this.#random);
      }
      await this.#schedule.run([this.#schedule.sleep(minutes * 60_000)]);
      await this.#schedule.run([this.#sweep()]);
      if (listDrivers(this.#world).length === 0 && this.#hasSettled()) break;
    }
    await this.#schedule.run([this.#schedule.sleep(toNextTenMinutes(this.#schedule.now()))]);
    await this.#schedule.run([this.#sweep()]);
  }

  #hasSettled(): boolean {
    return this.#world
      .records()
      .every(
        (record) =>
          isTerminal(record.state) &&
          record.outbox.length === 0 &&
          listUnannounced(record).length === 0,
      );
  }

  /** What was promised and is not so. */
  async #findUnkept(): Promise<readonly string[]> {
    const ids = new Set(this.#world.records().map(({ id }) => String(id)));
    const lost = this.#answered.flatMap(({ answer, asked }) => {
      const id = String(answer?.body['id']);
      return answer === undefined || answer.status >= 300 || ids.has(id)
        ? []
        : [`${asked.key ?? ''} was told of ${id}, which is lost`];
    });
    return [
      ...lost,
      ...findTwiceNew(this.#answered),
      ...(await findUnsettled(this.#world, this.#grounds)),
      ...findUntold(this.#world),
    ];
  }
}

/** Milliseconds until a sweep compares the counters with the records. */
function toNextTenMinutes(now: Date): number {
  return 600_000 - (now.getTime() % 600_000) + 1_000;
}

/** Who asked for what, and what was said. */
function describeAnswer({ asked, answer }: Answered): string {
  const { caller, key, job } = asked;
  const { id, job: named, code, state } = answer?.body ?? {};
  const told =
    answer === undefined ? 'its process ended' : `${answer.status} ${read(code ?? state)}`;
  return [caller?.subject ?? '', key ?? '', job ?? read(id ?? named), told].join(' ');
}

function read(member: unknown): string {
  return typeof member === 'string' ? member : '';
}
