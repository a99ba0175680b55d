import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { parseList, parseObject, parseText, type Table } from '../google/shape.ts';

/** A batch that is ready to be sent to the local Dataproc. */
export interface TrialPlan {
  readonly kind: 'ready';
  readonly version: string;
  readonly parameters: Table;
  readonly batchId: string;
  readonly batch: Table;
  /** Where results go; ends in a slash. */
  readonly outputUri: string;
  /** What it costs at least and at most by Google's list prices, as decimal texts. */
  readonly cost: { readonly low: string; readonly high: string; readonly currency: string };
  /** Seconds after which it is ended. */
  readonly maxRuntimeSeconds: number;
  readonly buckets: readonly string[];
  /** Where the batch looks for the template's files; ends in a slash. */
  readonly filesUri: string;
  /** Local files that the job reads, and where it looks for them. */
  readonly uploads: readonly { readonly uri: string; readonly file: string }[];
}

/** Why nothing can be tried, one sentence each. */
export interface TrialRefusal {
  readonly kind: 'refused';
  readonly sentences: readonly string[];
}

/** What is tried, and where. */
export interface TrialRequest {
  readonly node: string;
  readonly name: string;
  readonly example: string;
  /** `name=value` words. */
  readonly words: readonly string[];
  /** The folder that paths among them are relative to. */
  readonly folder: string;
  readonly staging: string;
  readonly uploads: string;
  readonly project: string;
  readonly region: string;
  readonly runtime: string;
  readonly signal: AbortSignal;
}

const TIMEOUT_MS = 30_000;
const MOST_BYTES = 4 * 1024 * 1024;

/** Has a trial planned by Jobgate's own code, in a process of its own. @throws Error when that fails. */
export async function planTrial(request: TrialRequest): Promise<TrialPlan | TrialRefusal> {
  const { staging, uploads, project, region, runtime, example, folder, name, words } = request;
  const script = join(import.meta.dirname, '../../tools/plan-trial.ts');
  const options = { staging, uploads, project, region, runtime, example, folder };
  const flags = Object.entries(options).map(([option, value]) => `--${option}=${value}`);
  const text = await run(request, [script, ...flags, '--', name, ...words]);
  return parsePlan(JSON.parse(text));
}

function run({ node, signal }: TrialRequest, args: readonly string[]): Promise<string> {
  const limits = { timeout: TIMEOUT_MS, maxBuffer: MOST_BYTES, signal };
  return new Promise((resolve, reject) => {
    execFile(node, args, limits, (error, stdout) => {
      if (error === null) resolve(stdout);
      else reject(new Error(`the trial cannot be planned: ${error.message}`, { cause: error }));
    });
  });
}

function parsePlan(value: unknown): TrialPlan | TrialRefusal {
  const plan = parseObject(value, 'the plan');
  const texts = (name: string) => parseList(plan[name], name, parseText);
  if (plan['kind'] === 'refused') return { kind: 'refused', sentences: texts('sentences') };
  const text = (name: string) => parseText(plan[name], name);
  return {
    kind: 'ready',
    version: text('version'),
    parameters: parseObject(plan['parameters'], 'parameters'),
    batchId: text('batchId'),
    batch: parseObject(plan['batch'], 'batch'),
    outputUri: text('outputUri'),
    cost: parseCost(plan['cost']),
    maxRuntimeSeconds: Number(plan['maxRuntimeSeconds']),
    buckets: texts('buckets'),
    filesUri: text('filesUri'),
    uploads: parseList(plan['uploads'], 'uploads', (each, where) => {
      const { uri, file } = parseObject(each, where);
      return { uri: parseText(uri, `${where}.uri`), file: parseText(file, `${where}.file`) };
    }),
  };
}

function parseCost(value: unknown): TrialPlan['cost'] {
  const cost = parseObject(value, 'cost');
  const text = (name: string) => parseText(cost[name], `cost.${name}`);
  return { low: text('low'), high: text('high'), currency: text('currency') };
}
