import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { isAlive, type ProcessIdentity } from '../../local/setup/process-identity.mjs';
import { RUN_MARKER } from '../../local/up/environment.ts';
import { projectFolder, runsFolder, stackFile } from '../../local/up/layout.ts';
import { parseOwner } from '../../local/up/runs.ts';

const UP = 'Jobgate is up.';

interface Command {
  readonly child: ChildProcess;
  /** Waits until the command has printed a text. */
  readonly waitFor: (text: string) => Promise<void>;
  readonly ended: Promise<{ readonly status: number | null; readonly output: string }>;
}

let folder = '';

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'jobgate-leftovers-'));
  for (const name of ['home', 'tmp']) mkdirSync(join(folder, name));
});

afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

/** Starts `npm start` as a terminal does: in a process group of its own. */
function startStack(): Command {
  const env = { ...process.env, HOME: join(folder, 'home'), TMPDIR: join(folder, 'tmp') };
  const child = spawn('node', [join(projectFolder, 'local/run.mjs'), 'start'], {
    cwd: projectFolder,
    env,
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  const listeners = new Set<() => void>();
  const onData = (chunk: Buffer) => {
    output += chunk.toString();
    for (const listener of listeners) listener();
  };
  child.stdout.on('data', onData);
  child.stderr.on('data', onData);
  const ended = new Promise<{ status: number | null; output: string }>((resolve) => {
    child.once('close', (status) => {
      resolve({ status, output });
    });
  });
  const waitFor = (text: string) =>
    new Promise<void>((resolve, reject) => {
      const look = () => {
        if (output.includes(text)) resolve();
      };
      listeners.add(look);
      look();
      void ended.then(() => {
        reject(new Error(`the command ended before it printed "${text}":\n${output}`));
      });
    });
  return { child, waitFor, ended };
}

function readApi(output: string): string {
  const [, api] = /^ +API +(http\S+)$/m.exec(output) ?? [];
  if (api === undefined) throw new Error(`no address of the API in:\n${output}`);
  return api;
}

/** Empty when no stack is up; another one than the tests' own may be. */
function readStackFileText(): string {
  return existsSync(stackFile) ? readFileSync(stackFile, 'utf8') : '';
}

function pressCtrlC({ child }: Command): void {
  process.kill(-(child.pid ?? 0), 'SIGINT');
}

/** Runs on this machine whose owner is dead: by folder, and by what processes carry. */
function findLeftovers(): readonly string[] {
  const folders = existsSync(runsFolder) ? readdirSync(runsFolder) : [];
  const isDead = (runId: string) => {
    const owner = parseOwner(runId);
    return owner !== undefined && !isAlive(owner);
  };
  return [
    ...folders.filter(isDead).map((runId) => `folder ${runId}`),
    ...listMarks()
      .filter(({ runId }) => isDead(runId))
      .map(({ runId, pid }) => `process ${pid} of ${runId}`),
    ...readdirSync(join(folder, 'home')).map((name) => `HOME/${name}`),
    ...readdirSync(join(folder, 'tmp')).map((name) => `TMPDIR/${name}`),
  ];
}

function listMarks(): readonly { readonly pid: number; readonly runId: string }[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => {
      const mark = readEnvironment(name).find((each) => each.startsWith(`${RUN_MARKER}=`));
      return mark === undefined ? [] : [{ pid: Number(name), runId: mark.slice(12) }];
    });
}

function readEnvironment(pid: string): readonly string[] {
  try {
    return readFileSync(`/proc/${pid}/environ`, 'latin1').split('\0');
  } catch {
    return [];
  }
}

/** The processes that the command has started so far, by the runs that it owns. */
function listStarted(command: Command): readonly number[] {
  const owned = listMarks().filter(({ runId }) => isDescendant(parseOwner(runId), command));
  return owned.map(({ pid }) => pid);
}

function isDescendant(owner: ProcessIdentity | undefined, { child }: Command): boolean {
  if (owner === undefined) return false;
  try {
    const stat = readFileSync(`/proc/${owner.pid}/stat`, 'latin1');
    return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]) === child.pid;
  } catch {
    return false;
  }
}

describe.runIf(process.platform === 'linux')('Ctrl-C during npm start leaves nothing', () => {
  it.each([
    'local AWS: starting',
    'local Google and identity provider: starting',
    'template files: starting',
    'serverless deploy: starting',
    'first answer of the API: starting',
  ])('when it comes at “%s”', async (moment) => {
    const command = startStack();
    await command.waitFor(moment);
    pressCtrlC(command);
    const { status } = await command.ended;
    expect(status).toBe(130);
    expect(findLeftovers()).toEqual([]);
  });

  it('when it comes in the middle of the deploy', async () => {
    const command = startStack();
    await command.waitFor('serverless deploy: starting');
    await new Promise((resolve) => setTimeout(resolve, 2_500));
    expect(listStarted(command).length).toBeGreaterThan(3);
    pressCtrlC(command);
    const { status } = await command.ended;
    expect(status).toBe(130);
    expect(findLeftovers()).toEqual([]);
  });

  it('when the stack is up, and that end is a good one', async () => {
    const command = startStack();
    await command.waitFor(UP);
    pressCtrlC(command);
    const { status, output } = await command.ended;
    expect(output).toContain('Everything has ended.');
    expect(status).toBe(0);
    expect(readStackFileText()).not.toContain(readApi(output));
    expect(findLeftovers()).toEqual([]);
  });
});

describe.runIf(process.platform === 'linux')('npm start', () => {
  it('ends in order when only its own process is told to end', async () => {
    const command = startStack();
    await command.waitFor(UP);
    command.child.kill('SIGTERM');
    const { status } = await command.ended;
    expect(status).toBe(0);
    expect(findLeftovers()).toEqual([]);
  });

  it('clears what a killed one left', async () => {
    const killed = startStack();
    await killed.waitFor(UP);
    expect(existsSync(stackFile)).toBe(true);
    process.kill(-(killed.child.pid ?? 0), 'SIGKILL');
    const { output: killedOutput } = await killed.ended;
    while (findLeftovers().length === 0) await new Promise((resolve) => setTimeout(resolve, 20));
    const command = startStack();
    await command.waitFor('local AWS: starting');
    expect(findLeftovers()).toEqual([]);
    pressCtrlC(command);
    const { output } = await command.ended;
    expect(readStackFileText()).not.toContain(readApi(killedOutput));
    expect(output).toMatch(/Cleared run \S+, whose owner had died/);
  });
});
