import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { isAlive, readStartTime } from '../../local/setup/process-identity.mjs';
import { RUN_MARKER } from '../../local/up/environment.ts';
import { projectFolder, runsFolder } from '../../local/up/layout.ts';
import { openRun, parseOwner, type Run } from '../../local/up/runs.ts';
import {
  type Listener,
  listListeners,
  listListeningSockets,
  listTree,
} from '../bare/observation.mjs';

const SAMPLE_MS = 250;
const POLL_MS = 20;

interface Seen {
  readonly pid: number;
  readonly startTime: string;
  readonly command: string;
}

/** How a command ended, and all that it printed. */
export interface CommandEnd {
  readonly status: number | null;
  readonly output: string;
}

/**
 * A command of the project in a process group, a HOME and a TMPDIR of its own, as a terminal starts
 * it. While it runs, every process that it starts, every run that it owns and every port on which it
 * listens is noted, so that what is left of them afterwards can be named.
 */
export class WatchedCommand {
  readonly #folder = mkdtempSync(join(tmpdir(), 'jobgate-leftovers-'));
  readonly #child: ChildProcess;
  readonly #seen = new Map<number, Seen>();
  readonly #listeners = new Map<string, Listener>();
  readonly #runs = new Set<string>();
  readonly #filesBefore: readonly string[];
  readonly #sampling: NodeJS.Timeout;
  #output = '';
  #hasEnded = false;

  readonly ended: Promise<CommandEnd>;

  constructor(args: readonly string[]) {
    for (const name of ['home', 'tmp']) mkdirSync(join(this.#folder, name));
    this.#filesBefore = listTree(this.#folder);
    this.#child = spawn('node', [join(projectFolder, 'local/run.mjs'), ...args], {
      cwd: projectFolder,
      env: { ...process.env, HOME: this.#path('home'), TMPDIR: this.#path('tmp') },
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      stream?.on('data', (chunk: Buffer) => (this.#output += chunk.toString()));
    }
    this.#sampling = setInterval(() => {
      this.#sample();
    }, SAMPLE_MS);
    this.ended = new Promise((resolve) => {
      this.#child.once('close', (status) => {
        clearInterval(this.#sampling);
        this.#hasEnded = true;
        resolve({ status, output: this.#output });
      });
    });
  }

  /** All that the command has printed. */
  get output(): string {
    return this.#output;
  }

  /** Where the command and its processes listen, or have listened. */
  get listeners(): readonly Listener[] {
    this.#sample();
    return [...this.#listeners.values()];
  }

  /** The runs that the command owns. */
  get runs(): readonly Run[] {
    this.#sample();
    return [...this.#runs].map((id) => openRun(runsFolder, id));
  }

  /** Waits until the command has printed a text. */
  async waitFor(text: string): Promise<void> {
    await this.#waitUntil(`printed "${text}"`, () => this.#output.includes(text));
  }

  /** Waits until the command has started a process whose command line holds a text. */
  async waitForProcess(text: string): Promise<void> {
    await this.#waitUntil(`started ${text}`, () => {
      this.#sample();
      return [...this.#seen.keys()].some((pid) => readCommand(pid).includes(text));
    });
  }

  /** Presses Ctrl-C as a terminal does: the whole group of processes is told. */
  pressCtrlC(): void {
    this.#signal('SIGINT');
  }

  /** Ends the group of processes without a chance to clean up. */
  kill(): void {
    this.#signal('SIGKILL');
  }

  /** Tells the first process of the command alone. */
  terminate(): void {
    this.#child.kill('SIGTERM');
  }

  /** What is left of the command on this machine, one item each. */
  findLeftovers(): readonly string[] {
    const living = [...this.#seen.values()].filter(isAlive);
    const marked = listProcessIds().filter((pid) => this.#runs.has(readMark(pid) ?? ''));
    const sockets = listListeningSockets();
    const open = [...this.#listeners.values()].filter(({ socket }) => sockets.has(socket));
    const folders = existsSync(runsFolder) ? readdirSync(runsFolder) : [];
    const files = listTree(this.#folder).filter((path) => !this.#filesBefore.includes(path));
    return [
      ...living.map(({ pid, command }) => `process ${pid}: ${command}`),
      ...marked.map((pid) => `process ${pid} carries the mark`),
      ...open.map(({ port, command }) => `port ${port} of ${command}`),
      ...folders.filter((id) => this.#runs.has(id)).map((id) => `folder ${id}`),
      ...files.map((path) => `file ${path}`),
    ];
  }

  /** Ends what is still there, for a test that failed, and removes the folders. */
  dispose(): void {
    clearInterval(this.#sampling);
    if (!this.#hasEnded) this.kill();
    for (const { pid } of [...this.#seen.values()].filter(isAlive)) process.kill(pid, 'SIGKILL');
    rmSync(this.#folder, { recursive: true, force: true });
  }

  #path(name: string): string {
    return join(this.#folder, name);
  }

  #signal(signal: NodeJS.Signals): void {
    this.#sample();
    if (this.#hasEnded || this.#child.pid === undefined) {
      throw new Error(`the command ended before it was sent ${signal}:\n${this.#output}`);
    }
    process.kill(-this.#child.pid, signal);
  }

  async #waitUntil(what: string, holds: () => boolean): Promise<void> {
    while (!holds()) {
      if (this.#hasEnded) {
        throw new Error(`the command ended before it ${what}:\n${this.#output}`);
      }
      await sleep(POLL_MS);
    }
  }

  /** Descendants are found by their parents, and stay known when those end. */
  #sample(): void {
    const parents = listParents();
    for (const pid of parents.keys()) {
      if (!this.#seen.has(pid) && this.#isDescendant(pid, parents)) this.#note(pid);
    }
    const living = [...this.#seen.values()].filter(isAlive);
    for (const listener of listListeners(living)) this.#listeners.set(listener.socket, listener);
    for (const { pid } of living) {
      const mark = readMark(pid);
      const owner = mark === undefined ? undefined : parseOwner(mark);
      if (mark !== undefined && this.#seen.has(owner?.pid ?? 0)) this.#runs.add(mark);
    }
  }

  #isDescendant(pid: number, parents: ReadonlyMap<number, number>): boolean {
    for (let each = pid; each > 1; each = parents.get(each) ?? 0) {
      if (each === this.#child.pid) return true;
      const seen = this.#seen.get(each);
      if (seen !== undefined && isAlive(seen)) return true;
    }
    return false;
  }

  #note(pid: number): void {
    const startTime = readStartTime(pid);
    if (startTime === undefined) return;
    this.#seen.set(pid, { pid, startTime, command: readCommand(pid) });
  }
}

function listProcessIds(): readonly number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number);
}

/** Source: proc_pid_stat(5), field 4. */
function listParents(): ReadonlyMap<number, number> {
  const entries = listProcessIds().map((pid): [number, number] => {
    const stat = readOrEmpty(`/proc/${pid}/stat`);
    return [pid, Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1] ?? 0)];
  });
  return new Map(entries);
}

function readMark(pid: number): string | undefined {
  const variables = readOrEmpty(`/proc/${pid}/environ`).split('\0');
  const mark = variables.find((each) => each.startsWith(`${RUN_MARKER}=`));
  return mark?.slice(RUN_MARKER.length + 1);
}

function readCommand(pid: number): string {
  return readOrEmpty(`/proc/${pid}/cmdline`).replaceAll('\0', ' ');
}

function readOrEmpty(path: string): string {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    return '';
  }
}
