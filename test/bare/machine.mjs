import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { linkPrograms } from './programs.mjs';
import { listProcesses, listTree } from './observation.mjs';

/** How a network is reached: proxies, certificates, registries. Nothing else of the user's is kept. */
const KEPT =
  /^(https?_proxy|no_proxy|all_proxy|ssl_cert_(file|dir)|node_extra_ca_certs|requests_ca_bundle|curl_ca_bundle|pip_(cert|index_url|extra_index_url|find_links|trusted_host|default_timeout|proxy)|npm_config_(registry|cafile|proxy|https_proxy|noproxy))$/i;

/** What package managers keep in HOME between runs; anything else there is a leftover. */
const CACHES = [/^\.npm(\/|$)/, /^\.cache(\/pip(\/|$)|$)/, /^Library(\/Caches(\/pip(\/|$)|$)|$)/];

/** Makes a plain machine of a folder: a fresh clone, an empty HOME and TMPDIR, few programs. */
export function createMachine(folder, source) {
  const machine = {
    folder,
    project: join(folder, 'jobgate'),
    home: join(folder, 'home'),
    temporary: join(folder, 'tmp'),
  };
  for (const path of [folder, machine.home, machine.temporary]) mkdirSync(path);
  execFileSync('git', ['clone', '--quiet', '--no-hardlinks', source, machine.project]);
  const kept = Object.entries(process.env).filter(([name]) => KEPT.test(name));
  const { home: HOME, temporary: TMPDIR } = machine;
  const PATH = linkPrograms(join(folder, 'bin'));
  return { ...machine, env: { ...Object.fromEntries(kept), PATH, HOME, TMPDIR } };
}

/** Says what a command left on the machine, one sentence each; an empty list is a clean machine. */
export function findLeftovers(machine) {
  const { project, home, temporary } = machine;
  const processes = listProcesses(machine.folder).map(
    ({ pid, command }) => `process ${pid}: ${command}`,
  );
  const inHome = listTree(home)
    .filter((path) => !CACHES.some((cache) => cache.test(path)))
    .map((path) => `HOME/${path}`);
  const inTemporary = listTree(temporary).map((path) => `TMPDIR/${path}`);
  return [...processes, ...inHome, ...inTemporary, ...findInProject(project)];
}

function findInProject(project) {
  const options = { cwd: project, encoding: 'utf8' };
  const changed = execFileSync('git', ['status', '--porcelain'], options).split('\n');
  const transient = [
    '.serverless',
    '.esbuild',
    '.local/setup-tmp',
    '.local/setup.lock',
    '.local/stack.json',
  ];
  const runs = join(project, '.local/runs');
  const openRuns = existsSync(runs) ? listTree(runs).filter((path) => !path.includes('/')) : [];
  return [
    ...changed.filter((line) => line !== '').map((line) => `checkout: ${line}`),
    ...transient.filter((path) => existsSync(join(project, path))),
    ...openRuns.map((name) => `.local/runs/${name}`),
  ];
}
