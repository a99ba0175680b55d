import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { identifySelf, isAlive, readStartTime } from '../../../local/setup/process-identity.mjs';
import { createRun, openRun, writeProcessRecords } from '../../../local/up/runs.ts';
import { sweepDeadRuns } from '../../../local/up/sweep.ts';
import { makeFolder, waitForFile } from './folders.ts';

const source = (name: string) => JSON.stringify(join(import.meta.dirname, '../../../local', name));

/** A command that starts a server and a tool that outlives it, and is killed before it cleans up. */
const OWNER = `
import { spawn } from 'node:child_process';
import { renameSync, writeFileSync } from 'node:fs';
import { readStartTime } from ${source('setup/process-identity.mjs')};
import { createRun } from ${source('up/runs.ts')};
import { Processes } from ${source('up/processes.ts')};
const [runs, script, result] = process.argv.slice(-3);
const run = createRun(runs);
const spec = { name: 'server', command: process.execPath, args: [script], config: {} };
const processes = new Processes(run);
const ready = await processes.start(spec);
const pids = [...processes.pids, Number(ready.get('detached'))];
const children = pids.map((pid) => ({ pid, startTime: readStartTime(pid) }));
writeFileSync(result + '.draft', JSON.stringify({ id: run.id, children }));
renameSync(result + '.draft', result);
setInterval(() => undefined, 1000);
`;

/** A server that ignores both the end of its parent and the polite request to end. */
const STUBBORN = `
import { spawn } from 'node:child_process';
const code = "process.on('SIGTERM', () => 0); setInterval(() => 0, 1000)";
const detached = spawn(process.execPath, ['-e', code], { detached: true, stdio: 'ignore' });
process.on('SIGTERM', () => 0);
console.log(JSON.stringify({ ready: true, detached: String(detached.pid) }));
setInterval(() => 0, 1000);
`;

interface Orphans {
  readonly id: string;
  readonly children: readonly { readonly pid: number; readonly startTime: string }[];
}

const bystanders: ChildProcess[] = [];

afterEach(() => {
  for (const child of bystanders.splice(0)) child.kill('SIGKILL');
});

async function leaveOrphans(folder: string, runs: string): Promise<Orphans> {
  const [server, owner, result] = ['server.mjs', 'owner.mts', 'result.json'].map((name) =>
    join(folder, name),
  );
  if (!server || !owner || !result) throw new Error('unreachable');
  writeFileSync(server, STUBBORN);
  writeFileSync(owner, OWNER);
  const child = spawn(process.execPath, [owner, runs, server, result], { stdio: 'inherit' });
  await waitForFile(result);
  const ended = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGKILL');
  await ended;
  return JSON.parse(readFileSync(result, 'utf8')) as Orphans;
}

function startBystander(): { pid: number; startTime: string } {
  const child = spawn(process.execPath, ['-e', 'setInterval(() => 0, 1000)'], { stdio: 'ignore' });
  bystanders.push(child);
  const pid = child.pid ?? 0;
  return { pid, startTime: readStartTime(pid) ?? '' };
}

describe('sweepDeadRuns', () => {
  it('ends the processes of a run whose owner was killed, and removes its folder', async () => {
    const folder = makeFolder();
    const runs = join(folder, 'runs');
    const { id, children } = await leaveOrphans(folder, runs);
    expect(children.map(isAlive)).toEqual([true, true]);
    expect(await sweepDeadRuns(runs)).toEqual([
      `Cleared run ${id}, whose owner had died: 2 of its processes were ended.`,
    ]);
    expect(children.map(isAlive)).toEqual([false, false]);
    expect(readdirSync(runs)).toEqual([]);
  });

  it('leaves the run of a living owner alone', async () => {
    const runs = join(makeFolder(), 'runs');
    const run = createRun(runs);
    expect(await sweepDeadRuns(runs)).toEqual([]);
    expect(existsSync(run.logs)).toBe(true);
  });

  it('leaves a process alone that has a recorded process id but another start time', async () => {
    const runs = join(makeFolder(), 'runs');
    const bystander = startBystander();
    const run = openRun(runs, '1-long.ago-0123ab');
    mkdirSync(run.folder, { recursive: true });
    const record = { ...bystander, pgid: bystander.pid, name: 'server', startTime: 'long.ago' };
    writeProcessRecords(run, [record]);
    expect(await sweepDeadRuns(runs)).toEqual([
      'Cleared run 1-long.ago-0123ab, whose owner had died: no process was left.',
    ]);
    expect(isAlive(bystander)).toBe(true);
  });

  it.runIf(process.platform === 'linux')(
    'leaves a recorded process alone that does not carry the mark of the run',
    async () => {
      const runs = join(makeFolder(), 'runs');
      const bystander = startBystander();
      const run = openRun(runs, '1-long.ago-0123ab');
      mkdirSync(run.folder, { recursive: true });
      writeProcessRecords(run, [{ ...bystander, pgid: bystander.pid, name: 'server' }]);
      await sweepDeadRuns(runs);
      expect(isAlive(bystander)).toBe(true);
    },
  );

  it('leaves folders alone that are no runs', async () => {
    const runs = join(makeFolder(), 'runs');
    mkdirSync(join(runs, 'notes'), { recursive: true });
    expect(await sweepDeadRuns(runs)).toEqual([]);
    expect(readdirSync(runs)).toEqual(['notes']);
  });
});

describe('a run’s name', () => {
  it('says who owns it', () => {
    const { pid, startTime } = identifySelf();
    const run = createRun(join(makeFolder(), 'runs'));
    expect(run.id).toMatch(/^\d+-[a-z0-9.]+-[0-9a-f]{6}$/);
    expect(run.id.startsWith(`${pid}-${startTime}-`)).toBe(true);
  });
});
