import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const ROOT = join(import.meta.dirname, '..');
const BIN = join(ROOT, 'node_modules/.bin');
const VENV = join(ROOT, '.local/venv/bin');

/** What one part of the tests counted. */
interface Counts {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
}

/** One part of `npm test`: a program, and how its cases are counted; `exit` counts the program itself as one case. */
interface Part {
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  readonly counts: 'exit' | 'vitest' | 'junit';
}

/** Everything that CI runs, quickest first. */
const PARTS: readonly Part[] = [
  check('types', BIN, 'tsc', ['-p', '.']),
  check('lint', BIN, 'eslint', ['.', '--max-warnings', '0']),
  check('format', BIN, 'prettier', ['--check', '.', '--log-level', 'warn']),
  check('python-lint', VENV, 'ruff', ['check', '--no-cache', '.']),
  check('python-format', VENV, 'ruff', ['format', '--check', '--no-cache', '.']),
  check('python-types', VENV, 'mypy', ['--cache-dir', '/dev/null']),
  vitest('fast'),
  { name: 'spark', command: join(VENV, 'python'), args: ['-B', '-m', 'pytest'], counts: 'junit' },
  vitest('local'),
  vitest('soak'),
  vitest('stack'),
  vitest('stacks'),
];

function check(name: string, folder: string, program: string, args: readonly string[]): Part {
  return { name, command: join(folder, program), args, counts: 'exit' };
}

function vitest(project: string): Part {
  const args = ['run', '--project', project];
  return { name: project, command: join(BIN, 'vitest'), args, counts: 'vitest' };
}

/**
 * Runs the named parts, or all; prints the line `N passed, N failed, N skipped` last.
 * @returns the exit status: 0 only when every part ran to its end and nothing failed.
 */
export async function runTests(names: readonly string[], signal: AbortSignal): Promise<number> {
  const unknown = names.filter((name) => !PARTS.some((part) => part.name === name));
  if (unknown.length > 0) {
    const known = PARTS.map((part) => part.name).join(', ');
    process.stderr.write(`There is no part ${unknown.join(', ')}; the parts are ${known}.\n`);
    return 2;
  }
  const folder = mkdtempSync(join(tmpdir(), 'jobgate-test-'));
  try {
    const parts = PARTS.filter((part) => names.length === 0 || names.includes(part.name));
    return await runParts(parts, folder, signal);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function runParts(
  parts: readonly Part[],
  folder: string,
  signal: AbortSignal,
): Promise<number> {
  let total: Counts = { passed: 0, failed: 0, skipped: 0 };
  for (const part of parts) {
    const startedAt = Date.now();
    process.stdout.write(`\n── ${part.name}\n`);
    const counts = await runPart(part, folder, signal);
    const seconds = ((Date.now() - startedAt) / 1000).toFixed(1);
    process.stdout.write(`── ${part.name}: ${describe(counts)} (${seconds} s)\n`);
    total = add(total, counts);
    if (signal.aborted) return 130;
  }
  process.stdout.write(`\n${describe(total)}\n`);
  return total.failed === 0 && total.passed > 0 ? 0 : 1;
}

async function runPart(part: Part, folder: string, signal: AbortSignal): Promise<Counts> {
  const report = join(folder, `${part.name}.report`);
  const status = await runProgram(
    part.command,
    [...part.args, ...toReportArgs(part, report)],
    signal,
  );
  if (part.counts === 'exit')
    return { passed: status === 0 ? 1 : 0, failed: status === 0 ? 0 : 1, skipped: 0 };
  const counts = readReport(part, report);
  const silentFailure = status !== 0 && counts.failed === 0;
  return silentFailure ? { ...counts, failed: 1 } : counts;
}

function toReportArgs(part: Part, report: string): readonly string[] {
  if (part.counts === 'junit') return [`--junit-xml=${report}`];
  if (part.counts === 'exit') return [];
  return ['--reporter=default', '--reporter=json', `--outputFile.json=${report}`];
}

/** Runs a program to its end, in this process's group, so that Ctrl-C reaches it too. */
function runProgram(
  command: string,
  args: readonly string[],
  signal: AbortSignal,
): Promise<number> {
  const child = spawn(command, args, { cwd: ROOT, stdio: 'inherit' });
  const stop = (): void => {
    child.kill('SIGINT');
  };
  signal.addEventListener('abort', stop, { once: true });
  return new Promise((resolve) => {
    child.once('error', (error) => {
      process.stderr.write(`${command} cannot be run: ${error.message}\n`);
      resolve(127);
    });
    child.once('exit', (code) => {
      signal.removeEventListener('abort', stop);
      resolve(code ?? 1);
    });
  });
}

/** A report that is missing or unreadable is a failure: nothing is known of what ran. */
function readReport(part: Part, report: string): Counts {
  try {
    const text = readFileSync(report, 'utf8');
    return part.counts === 'junit' ? readJunit(text) : readVitest(text);
  } catch (error) {
    process.stderr.write(
      `${part.name} left no report: ${error instanceof Error ? error.message : 'unknown'}\n`,
    );
    return { passed: 0, failed: 1, skipped: 0 };
  }
}

function readVitest(text: string): Counts {
  const report = JSON.parse(text) as {
    readonly numPassedTests: number;
    readonly numFailedTests: number;
    readonly numPendingTests: number;
    readonly numTodoTests: number;
  };
  const { numPassedTests, numFailedTests, numPendingTests, numTodoTests } = report;
  return {
    passed: numPassedTests,
    failed: numFailedTests,
    skipped: numPendingTests + numTodoTests,
  };
}

function readJunit(text: string): Counts {
  const suite = /<testsuite [^>]*>/.exec(text)?.[0] ?? '';
  const read = (name: string): number => Number(new RegExp(` ${name}="(\\d+)"`).exec(suite)?.[1]);
  const failed = read('failures') + read('errors');
  const skipped = read('skipped');
  return { passed: read('tests') - failed - skipped, failed, skipped };
}

function add(one: Counts, other: Counts): Counts {
  return {
    passed: one.passed + other.passed,
    failed: one.failed + other.failed,
    skipped: one.skipped + other.skipped,
  };
}

function describe({ passed, failed, skipped }: Counts): string {
  return `${passed} passed, ${failed} failed, ${skipped} skipped`;
}
