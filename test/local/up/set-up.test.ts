import { type ChildProcess, spawn } from 'node:child_process';
import { chmodSync, cpSync, existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { makeFolder, waitForFile, waitUntil } from './folders.ts';

const project = join(import.meta.dirname, '../../..');
const SLOW_NPM = `
require('node:fs').writeFileSync(process.env.STARTED, String(process.pid));
setInterval(() => 0, 1000);
`;
const FAILING_NPM = `
console.error('npm error code EUSAGE');
console.error('npm error the lock file does not match');
process.exit(1);
`;
const ECHOING_NPM = `
const names = Object.keys(process.env).filter((name) => /^(npm_|NODE_ENV|PIP_USER)/i.test(name));
console.error(names.sort().join(' ') + ' | ' + process.argv.slice(2).join(' '));
process.exit(1);
`;

interface Outcome {
  readonly status: number | null;
  readonly stderr: string;
}

/** A project that holds the set-up and no more. */
function makeProject(npm: string): { folder: string; npm: string; started: string } {
  const folder = makeFolder();
  mkdirSync(join(folder, 'local'));
  cpSync(join(project, 'local/run.mjs'), join(folder, 'local/run.mjs'));
  cpSync(join(project, 'local/setup'), join(folder, 'local/setup'), { recursive: true });
  writeFileSync(join(folder, 'package-lock.json'), '{}');
  writeFileSync(join(folder, 'npm-cli.js'), npm);
  return { folder, npm: join(folder, 'npm-cli.js'), started: join(folder, 'started') };
}

/** A lock file with a package that no cache holds. */
function lockOnePackage(folder: string): void {
  const dependencies = { 'jobgate-nowhere': '1.0.0' };
  const root = { name: 'empty', version: '1.0.0', dependencies };
  const resolved = 'http://127.0.0.1:9/jobgate-nowhere-1.0.0.tgz';
  const integrity = `sha512-${Buffer.alloc(64).toString('base64')}`;
  const locked = { version: '1.0.0', resolved, integrity };
  const packages = { '': root, 'node_modules/jobgate-nowhere': locked };
  const lock = { name: 'empty', version: '1.0.0', lockfileVersion: 3, packages };
  writeFileSync(join(folder, 'package.json'), JSON.stringify(root));
  writeFileSync(join(folder, 'package-lock.json'), JSON.stringify(lock));
}

function startSetUp(
  { folder, npm, started }: ReturnType<typeof makeProject>,
  env: Readonly<Record<string, string>> = {},
): { child: ChildProcess; outcome: Promise<Outcome> } {
  const { PATH = '' } = process.env;
  const child = spawn(process.execPath, [join(folder, 'local/run.mjs'), 'start'], {
    env: { PATH, HOME: folder, npm_execpath: npm, STARTED: started, ...env },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let stderr = '';
  child.stderr.on('data', (chunk) => (stderr += String(chunk)));
  const outcome = new Promise<Outcome>((resolve) => {
    child.once('close', (status) => {
      resolve({ status, stderr });
    });
  });
  return { child, outcome };
}

function listLeftovers(folder: string): readonly string[] {
  const kept = new Set(['setup.json', 'setup-children']);
  const children = join(folder, '.local/setup-children');
  const records = existsSync(children) ? readdirSync(children) : [];
  return [...readdirSync(join(folder, '.local')).filter((name) => !kept.has(name)), ...records];
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

describe('the set-up', () => {
  it('says in one sentence that there is no usable Python', async () => {
    const made = makeProject(FAILING_NPM);
    const { outcome } = startSetUp(made, { PYTHON: '/nowhere/python3' });
    expect(await outcome).toEqual({
      status: 1,
      stderr:
        'Python 3.10 or newer with venv is needed, /nowhere/python3 does not run: install one, or set PYTHON to its path.\n',
    });
    expect(listLeftovers(made.folder)).toEqual([]);
  });

  it('says which module a Python lacks, and how to get it', async () => {
    const made = makeProject(FAILING_NPM);
    const python = join(made.folder, 'python3');
    const facts = { major: 3, minor: 11, version: '3.11.2', executable: python };
    const answer = JSON.stringify({ ...facts, lacks: ['ensurepip'] });
    writeFileSync(python, `#!/bin/sh\necho '${answer}'\n`);
    chmodSync(python, 0o755);
    const { outcome } = startSetUp(made, { PYTHON: python });
    expect((await outcome).stderr).toBe(
      `Python 3.10 or newer with venv is needed, ${python} (3.11.2) lacks the module ensurepip (on Debian and Ubuntu: apt install python3.11-venv): install one, or set PYTHON to its path.\n`,
    );
  });

  it('shows the last lines of a tool that failed', async () => {
    const made = makeProject(FAILING_NPM);
    const { outcome } = startSetUp(made);
    expect(await outcome).toEqual({
      status: 1,
      stderr: `  Set-up, npm packages: waiting for npm ci …
npm ci failed with exit status 1; its last lines are below.
  | npm error code EUSAGE
  | npm error the lock file does not match
`,
    });
    expect(listLeftovers(made.folder)).toEqual([]);
  });

  it('says in one sentence that the npm registry is not reached', async () => {
    const made = makeProject('');
    lockOnePackage(made.folder);
    const { outcome } = startSetUp(made, {
      npm_execpath: '',
      npm_config_registry: 'http://127.0.0.1:9/',
      npm_config_fetch_retries: '0',
    });
    const { status, stderr } = await outcome;
    expect(status).toBe(1);
    expect(stderr).toContain(
      '\nnpm ci could not reach the npm registry (ECONNREFUSED): check the network and the proxy, and run the command again; its last lines are below.\n  | npm error ',
    );
    expect(listLeftovers(made.folder)).toEqual([]);
  });

  it('keeps the settings of the surrounding npm run away from npm ci', async () => {
    const made = makeProject(ECHOING_NPM);
    const { outcome } = startSetUp(made, {
      NODE_ENV: 'production',
      npm_config_ignore_scripts: 'true',
      npm_config_omit: 'dev',
      npm_config_registry: 'http://127.0.0.1:9/',
      npm_lifecycle_event: 'start',
      PIP_USER: '1',
    });
    expect((await outcome).stderr).toContain(
      '  | npm_config_registry | ci --no-audit --no-fund --include=dev --include=optional --no-engine-strict --no-progress\n',
    );
  });

  it.each(['SIGINT', 'SIGTERM'] as const)(
    'ends the tool that it waits for on %s, and leaves no lock behind',
    async (signal) => {
      const made = makeProject(SLOW_NPM);
      const { child, outcome } = startSetUp(made);
      await waitForFile(made.started);
      child.kill(signal);
      const { status, stderr } = await outcome;
      expect(status).toBe(signal === 'SIGINT' ? 130 : 143);
      expect(stderr).toContain(`Stopped by ${signal}; the next command goes on from here.\n`);
      expect(listLeftovers(made.folder)).toEqual([]);
    },
  );

  it('ends the tool that a killed set-up left running, and goes on', async () => {
    const made = makeProject(SLOW_NPM);
    const killed = startSetUp(made);
    await waitForFile(made.started);
    await waitUntil(() => readdirSync(join(made.folder, '.local/setup-children')).length > 0);
    const [record = ''] = readdirSync(join(made.folder, '.local/setup-children'));
    const orphan = Number(record.replace('.json', ''));
    killed.child.kill('SIGKILL');
    writeFileSync(made.npm, FAILING_NPM);
    await waitUntil(() => killed.child.signalCode === 'SIGKILL');
    expect(isRunning(orphan)).toBe(true);
    const { outcome } = startSetUp(made);
    expect((await outcome).status).toBe(1);
    expect(isRunning(orphan)).toBe(false);
    expect(listLeftovers(made.folder)).toEqual([]);
  });
});
