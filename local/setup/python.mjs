import { SetupFailure } from './failure.mjs';
import { runChild } from './child.mjs';
import { findOnPath, isProgram } from './search-path.mjs';

const NAMES = ['python3', 'python3.13', 'python3.12', 'python3.11', 'python3.10'];
const OLDEST_MINOR = 10;
const PROBE = `import importlib.util as u, json, sys
print(json.dumps({
    "major": sys.version_info[0], "minor": sys.version_info[1],
    "version": "%d.%d.%d" % sys.version_info[:3], "executable": sys.executable,
    "lacks": [m for m in ("venv", "ensurepip") if u.find_spec(m) is None]}))`;

/** Lists where a Python may be: the variable PYTHON alone if it is set, else the usual names. */
export function listPythons(env) {
  if (env.PYTHON !== undefined && env.PYTHON !== '') {
    const named = env.PYTHON.includes('/') ? env.PYTHON : findOnPath(env.PYTHON, env);
    return [named ?? env.PYTHON];
  }
  return NAMES.map((name) => findOnPath(name, env)).filter((path) => path !== undefined);
}

/**
 * Finds a Python that can make a virtual environment.
 * @throws SetupFailure naming what was found and what is missing.
 */
export async function findPython(context) {
  const paths = listPythons(context.env);
  const refusals = [];
  for (const path of paths) {
    const found = await probePython(path, context);
    const refusal = found === undefined ? `${path} does not run` : refusalOf(found, path);
    if (refusal === undefined) return found;
    refusals.push(refusal);
  }
  const seen = refusals.length === 0 ? 'none was found on PATH' : refusals[0];
  const advice = 'install one, or set PYTHON to its path';
  throw new SetupFailure(
    `Python 3.${OLDEST_MINOR} or newer with venv is needed, ${seen}: ${advice}.`,
  );
}

async function probePython(path, context) {
  if (!isProgram(path)) return undefined;
  try {
    const args = ['-c', PROBE];
    return JSON.parse(await runChild({ ...context.child, name: 'python', command: path, args }));
  } catch (error) {
    if (error instanceof SetupFailure || error instanceof SyntaxError) return undefined;
    throw error;
  }
}

function refusalOf({ major, minor, version, lacks }, path) {
  if (major !== 3 || minor < OLDEST_MINOR) return `${path} is ${version}`;
  if (lacks.length === 0) return undefined;
  const debian = `on Debian and Ubuntu: apt install python3.${minor}-venv`;
  return `${path} (${version}) lacks the module ${lacks.join(' and ')} (${debian})`;
}
