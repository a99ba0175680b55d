/**
 * Compares the wall time of the command that the local Dataproc starts a driver with to that of
 * Spark's own default command: the same class path, the same job, in turn.
 *
 *     npm run bench -- spark-submit [--pairs <5 to 50>]
 *
 * Prints a table and the ratio of the medians. Ends with status 1 when the ratio is above the limit
 * or the answers differ. Needs what the set-up has made.
 */
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { log4jConfiguration } from '../local/google/spark/driver-environment.ts';
import { makeSparkCommand, type SparkCommand } from '../local/google/spark/spark-command.ts';
import { readToolchain } from '../local/up/toolchain.ts';
import { toMedian } from './medians.ts';

const usage = 'usage: npm run bench -- spark-submit [--pairs <5 to 50>]\n';
/** The local Dataproc promises to start a driver in half the time. */
const limit = 0.5;
const timeoutMs = 120_000;
const job = `from pyspark.sql import SparkSession
print("rows:", SparkSession.builder.getOrCreate().range(10).count())
`;

/** Makes both commands of one job; they differ in how Java is started, and in nothing else. */
function makeCommands(folder: string): readonly [ours: SparkCommand, byDefault: SparkCommand] {
  const toolchain = readToolchain();
  const log4jFile = join(folder, 'log4j2.properties');
  const main = join(folder, 'main.py');
  for (const name of ['work', 'tmp']) mkdirSync(join(folder, name));
  writeFileSync(log4jFile, log4jConfiguration);
  writeFileSync(main, job);
  const nothing = { args: [], pythonFileUris: [], jarFileUris: [], fileUris: [], archiveUris: [] };
  const mainPythonFileUri = 'gs://bench/main.py';
  const spec = {
    ...{ uuid: 'bench', name: 'bench', properties: {}, outputUri: '', ttlSeconds: undefined },
    work: { kind: 'pyspark', mainPythonFileUri, ...nothing },
  } as const;
  const files = { folder, log4jFile, outputFile: '/dev/stdout' };
  const place = { project: 'local', storage: 'http://127.0.0.1:9', ...files, marks: {} };
  const command = makeSparkCommand(spec, { toolchain, ...place });
  const args = command.args.map((arg) => (arg === mainPythonFileUri ? main : arg));
  const plain = command.args.filter((option) => option.startsWith('-D'));
  const env = { ...command.env, SPARK_SUBMIT_OPTS: plain.join(' ') };
  const submit = ['--master', 'local[2]', '--driver-class-path', toolchain.gcsConnectorJar, main];
  const program = join(toolchain.sparkHome, 'bin', 'spark-submit');
  return [
    { ...command, args },
    { program, args: submit, env },
  ];
}

/** Returns the wall time in seconds. */
function time({ program, args, env }: SparkCommand, cwd: string): number {
  const since = performance.now();
  const { status, stdout, stderr } = spawnSync(program, args, {
    cwd,
    env,
    encoding: 'utf8',
    timeout: timeoutMs,
  });
  const seconds = (performance.now() - since) / 1000;
  if (status === 0 && stdout.trim() === 'rows: 10') return seconds;
  throw new Error(`a driver ended with ${status ?? 'a signal'} and ${stdout}\n${stderr}`);
}

function compare(folder: string, pairs: number): number {
  const [ours, byDefault] = makeCommands(folder);
  const cwd = join(folder, 'work');
  for (const command of [byDefault, ours]) time(command, cwd);
  process.stdout.write(`Both answer the same. ${pairs} pairs, wall seconds:\n  default  local\n`);
  const times = Array.from({ length: pairs }, () => {
    const pair = [time(byDefault, cwd), time(ours, cwd)] as const;
    process.stdout.write(`${pair.map((seconds) => seconds.toFixed(2).padStart(7)).join('')}\n`);
    return pair;
  });
  const medians = [0, 1].map((at) => toMedian(times.map((pair) => pair[at] ?? 0)));
  const ratio = (medians[1] ?? 0) / (medians[0] ?? 0);
  const shown = medians.map((seconds) => seconds.toFixed(2).padStart(7)).join('');
  process.stdout.write(`${shown}  medians\nratio ${ratio.toFixed(2)}, limit ${limit.toFixed(2)}\n`);
  return ratio;
}

function main(): number {
  const options = { pairs: { type: 'string', default: '5' }, help: { type: 'boolean' } } as const;
  const { values } = parseArgs({ options });
  const pairs = Number(values.pairs);
  const isUsable = Number.isInteger(pairs) && pairs >= 5 && pairs <= 50;
  if (values.help === true || !isUsable) {
    (isUsable ? process.stdout : process.stderr).write(usage);
    return isUsable ? 0 : 2;
  }
  const folder = mkdtempSync(join(tmpdir(), 'jobgate-bench-'));
  try {
    return compare(folder, pairs) <= limit ? 0 : 1;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

process.exitCode = main();
