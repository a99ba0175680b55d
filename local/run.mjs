/* global AbortController */
import { spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { constants } from 'node:os';
import { join } from 'node:path';
import { toInterruption } from './setup/child.mjs';
import { explainRefusedWrite, SetupFailure } from './setup/failure.mjs';
import { createProgress } from './setup/progress.mjs';
import { generateCode, node24, root, setUp } from './setup/setup.mjs';

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'];
const PARENT_POLL_MS = 250;

const COMMANDS = {
  demo: {
    usage: 'npm run demo',
    takesNothing: true,
    does: 'runs one job on real data through the whole local stack, shows it, and leaves nothing.',
  },
  start: {
    usage: 'npm start [-- --issuer <key>=<value>,…]…',
    does: `keeps the local stack up until Ctrl-C, and prints its addresses. The API trusts the stack's own
identity provider, and every --issuer, to try a provider of yours:

  npm start -- --issuer kind=rfc9068,url=https://login.example.com,audience=urn:jobgate

  kind         rfc9068, okta, entra-v1, entra-v2, cognito, google, github-actions, gitlab, aws-sts
  url          the issuer as its tokens name it in "iss": https, or http on 127.0.0.1
  audience     what its tokens name in "aud"
  name         what rules and logs call it; made from the host when left out
  grants       scopes for those whom a selector names, may be repeated:
               grants=group:analysts=jobs:read+jobs:submit
  plans        usage plan for those whom a selector names, may be repeated:
               plans=client:ci=automation
  plan         usage plan of all others: standard, limited or automation
  clients      the only clients whose tokens count: clients=one+other (cognito needs it)
  groupsClaim  where groups are in its tokens, and rolesClaim where roles are
  loginClient  a public client with which people may log in
  algorithms   such as RS256+ES256

A selector is group:, role:, scope:, tag:, client:, subject: or actor: with a value.
docs/identity.md explains all of it.`,
  },
  dataproc: {
    usage: 'npm run dataproc [-- <options>]',
    does: `keeps a local Dataproc with Cloud Storage up until Ctrl-C, for official clients; it runs real Spark.

  --open               ask for no credentials: whoever calls may do everything
  --state <folder>     keep jobs, batches, templates and objects there for the next start
  --port <n>           port of gRPC and REST (a free one)
  --storage-port <n>   port of Cloud Storage (a free one)
  --slots <n>          how many drivers run at once, 1 to 16 (2)
  --faults             serve /_local/ routes that make calls fail on demand
  --config <file>      JSON with keys that take the place of the usual ones: clusters, accounts,
                       staticTokens, buckets, seed, quotas, …; docs/local-dataproc.md lists them`,
  },
  bench: {
    usage: 'npm run bench [-- <name>]',
    does: 'measures side by side what the design gives numbers for, and prints ratios.',
  },
  test: {
    usage: 'npm test [-- <part> …]',
    does: 'runs everything that CI runs, or only the named parts.',
  },
  template: {
    usage: 'npm run template -- new <name> [--from <template>]',
    does: `makes templates/<name> with a definition that is without fault, a small PySpark job with an example on
the sample data, and a test of it; prints what to do next.

  --from <template>  start from a copy of that template instead, whatever the kind of its program; only
                     PySpark has a test

A name has 2 to 20 characters: a to z, digits and hyphens, a letter first and no hyphen last.
docs/templates.md explains every member of a definition.`,
  },
  try: {
    usage: 'npm run try <template> [-- [--example <n>] [--keep] <parameter>=<value> …]',
    does: `runs one example of a template with real Spark on a local Dataproc of its own, and shows the
driver's log and the result. Before it starts, it says what the run may cost and take. Parameters
take the place of the example's; they are checked as the API checks them.

  --example <n>        the example to start from (1)
  --keep               copy the result to .local/tries/, where it stays`,
  },
  'check-templates': {
    usage: 'npm run check:templates [-- --against <revision> [--json]]',
    does: `prints every fault of the templates with file and line.

  --against <revision>  say as well what changed since that git revision: who may run what, what it
                        may cost, what it reads and writes, what callers must change, and whether
                        the versions say so; a removal without deprecation before it is a fault
  --json                print these changes as JSON (with npm run -s)`,
  },
  token: {
    usage: 'npm run -s token -- <analyst|viewer|admin|outsider>',
    does: 'prints an access token for the stack that `npm start` keeps up.',
  },
};

/** Commands to which templates may be at fault. */
const WITHOUT_CODE = ['check-templates', 'template'];

const interruption = new AbortController();
let child;

process.exitCode = await main(process.argv.slice(2));

/** Sets the project up when that is needed, then runs the command with Node 24 to its end. */
async function main([name, ...args]) {
  const command = Object.hasOwn(COMMANDS, name ?? '') ? COMMANDS[name] : undefined;
  if (command === undefined) return refuse(name);
  if (args.includes('--help') || args.includes('-h')) return explain(command);
  if (command.takesNothing && args.length > 0) return refuseArgument(command, args[0]);
  const stopListening = listen();
  try {
    await prepare(name);
    return await runCommand(name, args);
  } catch (error) {
    return report(error);
  } finally {
    stopListening();
  }
}

/** A token needs only Node; the check prints the faults of the templates itself. */
async function prepare(name) {
  const options = { env: process.env, progress: createProgress(), signal: interruption.signal };
  if (name === 'token' && existsSync(node24)) return;
  await setUp(options);
  if (!WITHOUT_CODE.includes(name)) await generateCode(options);
  interruption.signal.throwIfAborted();
}

/** Waits for the command however often it is told to end: it cleans up, and ends before this does. */
function runCommand(name, args) {
  const script = join(root, 'local', 'up', 'main.ts');
  child = spawn(node24, [script, name, ...args], { stdio: 'inherit' });
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code, signal) => resolve(code ?? 128 + constants.signals[signal]));
  });
}

/**
 * Passes signals on. A terminal's Ctrl-C reaches the command as well, and npm repeats it: the
 * command takes signals that arrive together for one. A signal that ended npm, or the shell between
 * npm and this process, does not arrive at all: that they are gone says so.
 */
function listen() {
  for (const signal of SIGNALS) process.on(signal, onSignal);
  const watch = process.env.npm_lifecycle_event === undefined ? undefined : watchNpm();
  return () => {
    clearInterval(watch);
    for (const signal of SIGNALS) process.off(signal, onSignal);
  };
}

function watchNpm() {
  const parent = process.ppid;
  const npm = isShell(parent) ? readParent(parent) : undefined;
  const timer = setInterval(() => {
    const isSame = process.ppid === parent && (npm === undefined || readParent(parent) === npm);
    if (isSame) return;
    clearInterval(timer);
    onSignal('SIGTERM');
  }, PARENT_POLL_MS);
  return timer.unref();
}

/** Some shells replace themselves with the command: then npm itself is the parent. */
function isShell(pid) {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'latin1').split('\0')[1] === '-c';
  } catch {
    return false;
  }
}

/** Source: proc_pid_stat(5), field 4; undefined on systems without /proc. */
function readParent(pid) {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1];
  } catch {
    return undefined;
  }
}

function onSignal(signal) {
  if (child === undefined) interruption.abort(toInterruption(signal));
  else child.kill(signal);
}

function report(error) {
  if (interruption.signal.aborted) {
    const { signal } = interruption.signal.reason;
    console.error(`Stopped by ${signal}; the next command goes on from here.`);
    return 128 + constants.signals[signal];
  }
  const refusal = explainRefusedWrite(error);
  if (refusal === undefined && !(error instanceof SetupFailure)) throw error;
  console.error(refusal ?? error.message);
  for (const line of error.details ?? []) console.error(`  | ${line}`);
  return 1;
}

function explain({ usage, does }) {
  console.log(`${usage}\n  ${does}`);
  return 0;
}

function refuseArgument({ usage }, argument) {
  console.error(`${usage} takes no argument "${argument}".`);
  return 2;
}

function refuse(name) {
  const known = Object.keys(COMMANDS).join(', ');
  console.error(`There is no command "${name ?? ''}": use one of ${known}.`);
  return 2;
}
