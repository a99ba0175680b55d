import { dirname, join } from 'node:path';
import { SetupFailure } from './failure.mjs';
import { runChild } from './child.mjs';
import { hashOf } from './stamp.mjs';
import { findOnPath, isProgram } from './search-path.mjs';

/** The npm packages of package-lock.json, Node 24 among them. */
export const npmPackages = {
  name: 'npm packages',
  waitsFor: 'waiting for npm ci',
  done: 'installed',

  /** Nothing is compiled for the Node that runs npm, which is another one after the first install. */
  key({ root }) {
    return hashOf([process.platform, process.arch], [join(root, 'package-lock.json')]);
  },

  isPresent({ node }) {
    return isProgram(node);
  },

  async build(context) {
    const [command, ...before] = npmCommand(context);
    const flags = ['--include=dev', '--include=optional', '--no-engine-strict', '--no-progress'];
    const args = [...before, 'ci', '--no-audit', '--no-fund', ...flags];
    const child = { ...context.child, registry: 'the npm registry' };
    await runChild({ ...child, name: 'npm ci', command, args });
    if (isProgram(context.node)) return;
    throw new SetupFailure(
      'npm ci installed no Node 24 (package "node"): the install scripts of the packages node and esbuild must be allowed to run, see ignore-scripts in .npmrc.',
    );
  },
};

/**
 * The npm that started this command, else the one beside its Node, else the one on PATH. `npm run`
 * puts the Node of node_modules first on PATH, which npm ci removes: another one has to run it.
 */
function npmCommand({ env, root }) {
  const isOwn = process.execPath.startsWith(`${root}/`);
  const node = (isOwn ? findOnPath('node', env) : undefined) ?? process.execPath;
  const running = env.npm_execpath ?? '';
  if (/npm-cli\.[cm]?js$/.test(running)) return [node, running];
  const beside = join(dirname(node), 'npm');
  const found = isProgram(beside) ? beside : findOnPath('npm', env);
  if (found === undefined) throw new SetupFailure('npm is not on PATH: install it beside Node.');
  return [found];
}
