import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, realpathSync, symlinkSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';

const SOURCES = ['/usr/local/bin', '/usr/bin', '/bin'];

/** What the project must not need: a Java, builders, the clouds' own tools, containers, Pythons. */
const LEFT_OUT =
  /^(java|jar|jarsigner|javac|javadoc|jshell|jlink|keytool|mvn|gradle|sbt|scala|spark|pyspark|go|gofmt|gcloud|gsutil|bq|aws|sam|cdk|docker|podman|nerdctl|cargo|rustc|rustup|uv|uvx|conda|pip|python|fake-gcs|serverless|sls|osls)([-_.0-9].*)?$/;

/**
 * Fills a folder with links to the programs of a plain machine: the system's own without those that
 * the project must not need, plus one Python, Node and npm. Returns the folder, to be all of PATH.
 */
export function linkPrograms(folder) {
  mkdirSync(folder);
  const links = new Map([
    ['node', findNode()],
    ['npm', findNpm()],
    ['python3', findPython()],
  ]);
  for (const source of SOURCES.filter(existsSync)) {
    for (const name of readdirSync(source)) {
      const target = resolveOrUndefined(join(source, name));
      if (target === undefined || links.has(name) || isLeftOut(name, target)) continue;
      links.set(name, target);
    }
  }
  for (const [name, target] of links) symlinkSync(target, join(folder, name));
  return folder;
}

function isLeftOut(name, target) {
  return LEFT_OUT.test(name) || /\/(jvm|java|jdk|pyenv|google-cloud-sdk)[^/]*\//.test(target);
}

/** `npm run` puts the project's own Node first on PATH, which a plain machine does not have. */
function findNode() {
  const folders = (process.env.PATH ?? '').split(delimiter);
  const outside = folders.filter((folder) => !folder.includes('node_modules'));
  const found = outside.map((folder) => join(folder, 'node')).find(existsSync);
  return realpathSync(found ?? process.execPath);
}

/** A shim such as pyenv's needs its own tool on PATH: the interpreter itself does not. */
function findPython() {
  const script = 'import os, sys; print(os.path.realpath(sys._base_executable))';
  return execFileSync(process.env.PYTHON ?? 'python3', ['-c', script], { encoding: 'utf8' }).trim();
}

function findNpm() {
  const running = process.env.npm_execpath;
  if (running !== undefined) return realpathSync(running);
  const beside = join(dirname(findNode()), 'npm');
  if (existsSync(beside)) return realpathSync(beside);
  throw new Error('npm is not beside Node: run this with `npm run test:bare`.');
}

function resolveOrUndefined(path) {
  try {
    return realpathSync(path);
  } catch {
    return undefined;
  }
}
