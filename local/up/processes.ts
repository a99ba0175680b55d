import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, openSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { readStartTime } from '../setup/process-identity.mjs';
import { scrubEnvironment } from './environment.ts';
import { StackFailure } from './failure.ts';
import { projectFolder } from './layout.ts';
import { readLogTail } from './log-tail.ts';
import { type ReadyLine, waitForReadyLine } from './ready-line.ts';
import { type ProcessRecord, type Run, writeProcessRecords } from './runs.ts';

const STOP_GRACE_MS = 5_000;
/** A killed process is gone as soon as the kernel gets round to it. */
const KILL_MS = 2_000;
const POLL_MS = 25;

/** How to start one process of a run. */
export interface ProcessSpec {
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
}

/** A server of the stack: it takes `--config <file>` and prints one line of JSON when it serves. */
export interface ServerSpec extends ProcessSpec {
  readonly config: Readonly<Record<string, unknown>>;
  /** 30 s when not given: several times the slowest start that was measured. */
  readonly readyTimeoutMs?: number;
}

interface Running {
  readonly child: ChildProcess;
  readonly record: ProcessRecord;
  readonly log: string;
  readonly ended: Promise<string>;
}

/**
 * Starts and ends the processes of one run. Each has a process group of its own, so that a
 * terminal's Ctrl-C does not race the orderly stop, and holds a pipe of this process as standard
 * input, whose end tells it that this process has died.
 */
export class Processes {
  readonly #run: Run;
  readonly #running: Running[] = [];
  readonly #ending = new Map<Running, Promise<void>>();
  #stopping = false;
  #fail: (failure: StackFailure) => void = () => undefined;

  /** Rejects with one sentence when a server ends that was not told to. */
  readonly failure: Promise<never>;

  constructor(run: Run) {
    this.#run = run;
    this.failure = new Promise((_, reject) => {
      this.#fail = reject;
    });
    this.failure.catch(() => undefined);
  }

  /** The process ids of the servers, in the order of their start. */
  get pids(): readonly number[] {
    return this.#running.map(({ record }) => record.pid);
  }

  /** Starts a server and returns its ready line. @throws StackFailure with its log's last lines. */
  async start(spec: ServerSpec): Promise<ReadyLine> {
    const config = join(this.#run.folder, `${spec.name}.json`);
    writeFileSync(config, JSON.stringify(spec.config, undefined, 2), { mode: 0o600 });
    const args = [...spec.args, '--config', config];
    const running = this.#spawn({ ...spec, args }, 'pipe');
    const failed = running.ended.then((how) => {
      throw new StackFailure(`${spec.name} ${how} before it served.`, readLogTail(running.log));
    });
    const ready = await Promise.race([waitForReadyLine(running, spec), failed]);
    failed.catch(() => {
      const tail = readLogTail(running.log);
      void running.ended.then((how) => {
        if (!this.#stopping) this.#fail(new StackFailure(`${spec.name} ${how}.`, tail));
      });
    });
    return ready;
  }

  /** Runs a tool to its end. @throws StackFailure with its log's last lines when it fails. */
  async run(spec: ProcessSpec, signal?: AbortSignal): Promise<void> {
    signal?.throwIfAborted();
    const running = this.#spawn(spec, 'log');
    const onAbort = () => void this.#end(running);
    signal?.addEventListener('abort', onAbort, { once: true });
    const how = await running.ended.finally(() => signal?.removeEventListener('abort', onAbort));
    await this.#end(running);
    signal?.throwIfAborted();
    if (how === 'ended with exit status 0') return;
    throw new StackFailure(`${spec.name} ${how}.`, readLogTail(running.log));
  }

  /** Ends everything in the reverse order of its start, whole groups, the unwilling after 5 s. */
  async stop(onStep: (name: string) => void = () => undefined): Promise<void> {
    this.#stopping = true;
    for (const running of this.#running.toReversed()) {
      onStep(running.record.name);
      await this.#end(running);
    }
  }

  #spawn(spec: ProcessSpec, stdout: 'pipe' | 'log'): Running {
    if (this.#stopping) throw new StackFailure(`${spec.name} was not started: the run is ending.`);
    const log = join(this.#run.logs, `${spec.name.replaceAll(/[^a-z0-9]+/gi, '-')}.log`);
    const descriptor = openSync(log, 'a', 0o600);
    try {
      const child = spawn(spec.command, spec.args, {
        cwd: spec.cwd ?? projectFolder,
        env: scrubEnvironment(this.#run, process.env, spec.env),
        detached: true,
        stdio: ['pipe', stdout === 'pipe' ? 'pipe' : descriptor, descriptor],
      });
      return this.#record(child, spec, log);
    } finally {
      closeSync(descriptor);
    }
  }

  #record(child: ChildProcess, { name, command }: ProcessSpec, log: string): Running {
    const ended = describeEnd(child);
    child.stdin?.on('error', () => undefined);
    const pid = child.pid;
    if (pid === undefined) throw new StackFailure(`${name} could not start: is ${command} there?`);
    const record = { pid, pgid: pid, startTime: readStartTime(pid) ?? '', name };
    const running = { child, record, log, ended };
    this.#running.push(running);
    this.#writeRecords();
    return running;
  }

  /** An abort and the stop may both want the same process to end: that is one end. */
  #end(running: Running): Promise<void> {
    const ending = this.#ending.get(running) ?? this.#endGroup(running);
    this.#ending.set(running, ending);
    return ending;
  }

  async #endGroup(running: Running): Promise<void> {
    const { pgid } = running.record;
    signalGroup(pgid, 'SIGTERM');
    await waitUntilGone(pgid, STOP_GRACE_MS);
    signalGroup(pgid, 'SIGKILL');
    await waitUntilGone(pgid, KILL_MS);
    await running.ended;
    const index = this.#running.indexOf(running);
    if (index >= 0) this.#running.splice(index, 1);
    this.#writeRecords();
  }

  #writeRecords(): void {
    writeProcessRecords(
      this.#run,
      this.#running.map(({ record }) => record),
    );
  }
}

function describeEnd(child: ChildProcess): Promise<string> {
  return new Promise((resolve) => {
    child.once('error', (error) => {
      resolve(`could not start (${error.message})`);
    });
    child.once('exit', (code, signal) => {
      resolve(signal === null ? `ended with exit status ${code ?? 0}` : `was ended by ${signal}`);
    });
  });
}

async function waitUntilGone(pgid: number, timeoutMs: number): Promise<void> {
  const deadline = Date.now() + timeoutMs;
  while (signalGroup(pgid, 0) && Date.now() < deadline) await sleep(POLL_MS);
}

/** Returns false when no process of the group is left. */
function signalGroup(pgid: number, signal: NodeJS.Signals | 0): boolean {
  try {
    process.kill(-pgid, signal);
    return true;
  } catch {
    return false;
  }
}
