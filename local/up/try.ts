import { join, relative } from 'node:path';
import { createScreen, type Screen } from '../demo/screen.ts';
import { createTrialClient, type TrialClient, TrialError } from '../trial/client.ts';
import { followBatch, type TrialEnd } from '../trial/follow.ts';
import { planTrial, type TrialPlan } from '../trial/plan.ts';
import { keepResult, showResult } from '../trial/result.ts';
import { buckets, google, targets } from './accounts.ts';
import type { CommandOptions } from './command.ts';
import { StackFailure } from './failure.ts';
import { localFolder } from './layout.ts';
import { Processes } from './processes.ts';
import { createRun, removeRun } from './runs.ts';
import { waitForAbort } from './signals.ts';
import { endLeftovers } from './sweep.ts';
import { readToolchain } from './toolchain.ts';
import { parseTryOptions, type TryOptions } from './try-options.ts';
import { startTrialGoogle } from './try-server.ts';

/**
 * Runs one example of a template with real Spark on a local Dataproc of its own, and shows log and result. Returns 0
 * only if the job succeeded. @throws StackFailure when the parameters are at fault, or with the driver's last lines
 */
export async function runTry({ args, progress, end }: CommandOptions): Promise<number> {
  const { signal } = end;
  const startedAtMs = Date.now();
  const options = parseTryOptions(args);
  const plan = await makePlan(options, signal);
  const run = createRun();
  const processes = new Processes(run);
  try {
    const starting = startTrialGoogle({ run, processes, progress, plan, name: options.name });
    const { dataproc, storage } = await Promise.race([starting, whenAborted(signal)]);
    const place = { project: google.project, region: google.region };
    const client = createTrialClient({ dataproc, storage, ...place }, signal);
    const showing = showTrial({ client, plan, options, signal, startedAtMs });
    await Promise.race([showing, processes.failure]);
    return 0;
  } catch (error) {
    if (!(error instanceof TrialError)) throw error;
    throw new StackFailure(`The trial stopped: ${error.message}.`, [], { cause: error });
  } finally {
    await processes.stop();
    await endLeftovers(run);
    removeRun(run);
  }
}

async function makePlan(options: TryOptions, signal: AbortSignal): Promise<TrialPlan> {
  const { name, example, words } = options;
  const { staging, uploads } = buckets;
  // npm changes into the project's folder, and says where it was called.
  const folder = process.env['INIT_CWD'] ?? process.cwd();
  const { project, region } = google;
  const place = { staging, uploads, project, region, folder };
  const plan = await planTrial({
    ...{ name, example, words, ...place, signal },
    node: readToolchain().node,
    runtime: targets.analytics.runtimeVersion,
  });
  if (plan.kind === 'ready') return plan;
  const [first = 'no reason was given', ...more] = plan.sentences;
  throw new StackFailure(first, more);
}

function whenAborted(signal: AbortSignal): Promise<never> {
  return waitForAbort(signal).then(() => {
    throw new StackFailure('The trial was interrupted.');
  });
}

interface Trial {
  readonly client: TrialClient;
  readonly plan: TrialPlan;
  readonly options: TryOptions;
  readonly signal: AbortSignal;
  readonly startedAtMs: number;
}

async function showTrial({ client, plan, options, signal, startedAtMs }: Trial): Promise<void> {
  const screen = createScreen(process.stdout);
  showParameters(plan, options, screen);
  screen.heading('2  Its states and the driver’s log, as they come');
  await client.createBatch(plan.batchId, plan.batch);
  const ended = await followBatch(client, plan.batchId, { screen, signal });
  if (!ended.succeeded) throw toFailure(ended);
  screen.heading('3  The result');
  const { outputUri, batchId } = plan;
  const result = { client, outputUri, files: await client.list(outputUri) };
  await showResult(result, screen);
  const folder = join(localFolder, 'tries', batchId);
  if (options.keep) await keepResult(result, folder);
  const seconds = ((Date.now() - startedAtMs) / 1000).toFixed(1);
  screen.line();
  if (options.keep) screen.fact('kept', relative(process.cwd(), folder));
  screen.check(true, `Done in ${seconds} s, ${ended.seconds.toFixed(1)} s of them in the driver.`);
}

function showParameters(plan: TrialPlan, options: TryOptions, screen: Screen): void {
  screen.heading(`1  ${options.name} ${plan.version}, example ${options.example}`);
  for (const [name, value] of Object.entries(plan.parameters))
    screen.fact(name, typeof value === 'string' ? value : JSON.stringify(value));
  const { low, high, currency } = plan.cost;
  const seconds = plan.maxRuntimeSeconds.toLocaleString('en-US');
  screen.fact('may cost', `${low} to ${high} ${currency} at list prices in ${google.region}`);
  screen.fact('may take', `${seconds} s, then it is ended`);
}

function toFailure({ message, lastLines }: TrialEnd): StackFailure {
  const why = message === '' ? 'it gave no reason' : message;
  return new StackFailure(`The job failed: ${why}`, lastLines);
}
