/**
 * Proves that the commands work on a plain machine and leave it as they found it:
 *
 *     npm run test:bare -- [--only demo|test] [--once] [--keep]
 *
 * For each command: a fresh clone of HEAD, an empty HOME and TMPDIR, no caches, and a PATH without
 * Java, Maven, Go, the clouds' tools and containers. It runs twice, cold and warm; then processes,
 * listening ports, TMPDIR, HOME and the checkout are compared with what was there before.
 */
import { execFileSync, spawn } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, readFileSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { createMachine, findLeftovers } from './machine.mjs';
import { listListeners, listProcesses } from './observation.mjs';

const COMMANDS = { demo: ['run', 'demo'], test: ['test'] };
const SAMPLE_MS = 1_000;
const HEARTBEAT_MS = 30_000;
const SHOWN_LINES = 40;
const source = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

process.exitCode = await main();

async function main() {
  const options = {
    only: { type: 'string' },
    once: { type: 'boolean' },
    keep: { type: 'boolean' },
  };
  const { only, once = false, keep = false } = parseArgs({ options }).values;
  if (only !== undefined && !Object.hasOwn(COMMANDS, only)) {
    console.error(`--only takes demo or test, not "${only}".`);
    return 2;
  }
  if (!hasCommit()) return 1;
  const parent = realpathSync(mkdtempSync(join(tmpdir(), 'jobgate-bare-')));
  try {
    const names = only === undefined ? Object.keys(COMMANDS) : [only];
    const rows = [];
    for (const name of names) {
      if (rows.some(({ interrupted }) => interrupted)) break;
      rows.push(...(await tryCommand(name, { parent, once })));
    }
    printTable(rows);
    return rows.every(isGood) ? 0 : 1;
  } finally {
    if (keep) console.log(`Kept: ${parent}`);
    else rmSync(parent, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
  }
}

function hasCommit() {
  const git = (...args) =>
    execFileSync('git', args, { cwd: source, encoding: 'utf8', stdio: 'pipe' });
  try {
    const head = git('rev-parse', '--short', 'HEAD').trim();
    const changed = git('status', '--porcelain')
      .split('\n')
      .filter((line) => line !== '').length;
    const note = changed === 0 ? '' : `; ${changed} uncommitted changes are not in it`;
    console.log(`Cloning ${head}${note}.`);
    return true;
  } catch {
    console.error('There is no commit to clone: commit first, then run this.');
    return false;
  }
}

async function tryCommand(name, { parent, once }) {
  const machine = createMachine(join(parent, name), source);
  const rows = [];
  for (const state of once ? ['cold'] : ['cold', 'warm']) {
    const row = await measure(machine, name, state);
    rows.push(row);
    if (row.interrupted) break;
  }
  return rows;
}

async function measure(machine, name, state) {
  const log = join(machine.folder, `${state}.log`);
  const startedAt = Date.now();
  console.log(`npm ${COMMANDS[name].join(' ')}, ${state}: running`);
  const { status, listeners, interrupted } = await runNpm(machine, COMMANDS[name], log);
  const seconds = (Date.now() - startedAt) / 1000;
  const leftovers = findLeftovers(machine);
  const open = [...listeners.values()].filter(({ isLoopback }) => !isLoopback);
  const row = { name, state, status, seconds, ports: listeners.size, open, leftovers, interrupted };
  if (!isGood(row)) printTail(log);
  return row;
}

/** Runs npm to its end, looking every second where its processes listen. */
function runNpm(machine, args, log) {
  const descriptor = openSync(log, 'w');
  const child = spawn(join(machine.folder, 'bin', 'npm'), args, {
    cwd: machine.project,
    env: machine.env,
    stdio: ['ignore', descriptor, descriptor],
    detached: true,
  });
  closeSync(descriptor);
  const listeners = new Map();
  const startedAt = Date.now();
  const sample = setInterval(() => addListeners(listeners, machine), SAMPLE_MS);
  const beat = setInterval(() => printBeat(startedAt, log), HEARTBEAT_MS);
  let interrupted = false;
  const stop = () => {
    interrupted = true;
    process.kill(-child.pid, 'SIGINT');
  };
  process.on('SIGINT', stop).on('SIGTERM', stop);
  return new Promise((resolve) => {
    child.once('exit', (code, signal) => {
      clearInterval(sample);
      clearInterval(beat);
      process.off('SIGINT', stop).off('SIGTERM', stop);
      resolve({ status: code ?? signal, listeners, interrupted });
    });
  });
}

function addListeners(listeners, machine) {
  for (const listener of listListeners(listProcesses(machine.folder))) {
    listeners.set(`${listener.address}:${listener.port}`, listener);
  }
}

function isGood({ status, open, leftovers }) {
  return status === 0 && open.length === 0 && leftovers.length === 0;
}

function printBeat(startedAt, log) {
  const seconds = Math.round((Date.now() - startedAt) / 1000);
  const last = lastLines(log, 1).join('').slice(0, 120);
  console.log(`  ${seconds} s: ${last}`);
}

function printTail(log) {
  for (const line of lastLines(log, SHOWN_LINES)) console.log(`  | ${line}`);
}

function lastLines(log, count) {
  const lines = readFileSync(log, 'utf8').split('\n');
  return lines.filter((line) => line.trim() !== '').slice(-count);
}

function printTable(rows) {
  console.log('\ncommand  caches  status  seconds  ports  left behind');
  for (const { name, state, status, seconds, ports, open, leftovers } of rows) {
    const figures = [`${status}`.padEnd(7), seconds.toFixed(1).padStart(7), `${ports}`.padStart(6)];
    const left = leftovers.length === 0 ? 'nothing' : `${leftovers.length} things`;
    console.log(`${name.padEnd(8)} ${state.padEnd(7)} ${figures.join(' ')}  ${left}`);
    for (const each of leftovers) console.log(`    left behind: ${each}`);
    for (const { address, port, command } of open) {
      console.log(`    not on loopback: ${address}:${port} of ${command}`);
    }
  }
}
