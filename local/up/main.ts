/**
 * The commands of the local stack; local/run.mjs starts this with Node 24 after the set-up.
 *
 *     node local/up/main.ts start | dataproc | token <client> | demo | bench [<name>] | test [<part> …]
 *     node local/up/main.ts try <template> | template new <name> | check-templates
 */
import { explainRefusedWrite } from '../setup/failure.mjs';
import { createProgress } from '../setup/progress.mjs';
import { StackFailure } from './failure.ts';
import { type EndRequest, listenForEnd, toExitStatus } from './signals.ts';
import { removeDeadStackFile } from './stack-file.ts';
import { killOwnRuns, sweepDeadRuns } from './sweep.ts';

/** Each command loads what it needs and no more: a token is printed without loading the demo. */
async function runCommand(end: EndRequest): Promise<number> {
  const [name, ...args] = process.argv.slice(2);
  if (name === 'token') return (await import('./token.ts')).runToken(args);
  const progress = createProgress();
  for (const sentence of await sweepDeadRuns()) progress.note(sentence);
  removeDeadStackFile();
  switch (name) {
    case 'start':
      return (await import('./start.ts')).runStart({ args, progress, end });
    case 'demo':
      return (await import('./demo.ts')).runDemo({ args, progress, end });
    case 'dataproc':
      return (await import('./dataproc.ts')).runDataproc({ args, progress, end });
    case 'bench':
      return (await import('./bench.ts')).runBench({ args, progress, end });
    case 'test':
      return (await import('./test.ts')).runTest({ args, progress, end });
    case 'try':
      return (await import('./try.ts')).runTry({ args, progress, end });
    case 'template':
      return (await import('./template.ts')).runTemplate({ args, progress, end });
    case 'check-templates':
      return (await import('./check-templates.ts')).runCheckTemplates({ args, progress, end });
    case undefined:
    default:
      throw new StackFailure(`There is no command "${name ?? ''}".`);
  }
}

async function main(): Promise<number> {
  const end = listenForEnd((signal) => {
    killOwnRuns();
    process.exit(toExitStatus(signal));
  });
  try {
    return await runCommand(end);
  } catch (error) {
    const signal = end.received();
    if (signal !== undefined) return toExitStatus(signal);
    return report(error);
  }
}

function report(error: unknown): number {
  const refusal = explainRefusedWrite(error);
  const failure = refusal === undefined ? error : new StackFailure(refusal);
  if (!(failure instanceof StackFailure)) throw error;
  console.error(failure.message);
  for (const line of failure.details) console.error(`  | ${line}`);
  return 1;
}

process.exit(await main());
