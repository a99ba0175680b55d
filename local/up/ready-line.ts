import type { ChildProcess } from 'node:child_process';
import { appendFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { StackFailure } from './failure.ts';
import { toFields } from './fields.ts';
import { readLogTail } from './log-tail.ts';

const READY_TIMEOUT_MS = 30_000;

/** What a server says when it serves: its addresses, by name. */
export type ReadyLine = ReadonlyMap<string, string>;

/**
 * Waits for the one line of JSON that a server prints when it serves; what else it prints goes to
 * its log.
 * @throws StackFailure, with the log's last lines, when the line is something else or too late.
 */
export function waitForReadyLine(
  { child, log }: { readonly child: ChildProcess; readonly log: string },
  { name, readyTimeoutMs = READY_TIMEOUT_MS }: { name: string; readyTimeoutMs?: number },
): Promise<ReadyLine> {
  return new Promise((resolve, reject) => {
    const seconds = readyTimeoutMs / 1000;
    const timer = setTimeout(() => {
      reject(new StackFailure(`${name} did not serve within ${seconds} s.`, readLogTail(log)));
    }, readyTimeoutMs);
    child.once('exit', () => {
      clearTimeout(timer);
    });
    if (child.stdout === null) return;
    const lines = createInterface({ input: child.stdout });
    lines.once('line', (line) => {
      clearTimeout(timer);
      lines.on('line', (later) => {
        appendFileSync(log, `${later}\n`);
      });
      const ready = parseReadyLine(line);
      if (ready !== undefined) resolve(ready);
      else reject(new StackFailure(`${name} printed no ready line but: ${line.slice(0, 200)}`));
    });
  });
}

/** Reads one address of a ready line. @throws StackFailure when it is not there. */
export function readAddress(ready: ReadyLine, server: string, name: string): string {
  const address = ready.get(name);
  if (address !== undefined) return address;
  throw new StackFailure(`The ready line of ${server} lacks "${name}".`);
}

function parseReadyLine(line: string): ReadyLine | undefined {
  try {
    const fields = toFields(JSON.parse(line));
    if (fields.get('ready') !== true) return undefined;
    return new Map([...fields].filter((entry): entry is [string, string] => isText(entry[1])));
  } catch {
    return undefined;
  }
}

function isText(value: unknown): value is string {
  return typeof value === 'string';
}
