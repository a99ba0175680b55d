import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { isAlive, readStartTime } from '../../../local/setup/process-identity.mjs';
import { Processes } from '../../../local/up/processes.ts';
import { createRun, readProcessRecords } from '../../../local/up/runs.ts';
import { makeFolder, waitForFile } from './folders.ts';
import { describeServer, WELL_BEHAVED } from './server-double.ts';

function open(): { folder: string; run: ReturnType<typeof createRun>; processes: Processes } {
  const folder = makeFolder();
  const run = createRun(join(folder, 'runs'));
  return { folder, run, processes: new Processes(run) };
}

describe('a process of a run', () => {
  it('sees nothing of the user’s environment but PATH', async () => {
    const { folder, run, processes } = open();
    process.env['AWS_PROFILE'] = 'production';
    const program = `ready({ environment: JSON.stringify(process.env) }); stayUp();`;
    const ready = await processes.start(describeServer(folder, 'server', program));
    Reflect.deleteProperty(process.env, 'AWS_PROFILE');
    await processes.stop();
    const { PATH, ...rest } = JSON.parse(ready.get('environment') ?? '{}') as { PATH: string };
    expect(rest).toEqual({
      AWS_EC2_METADATA_DISABLED: 'true',
      HOME: run.home,
      JOBGATE_RUN: run.id,
      LANG: 'C.UTF-8',
      METADATA_SERVER_DETECTION: 'none',
      NO_GCE_CHECK: 'true',
      TMPDIR: run.temporary,
      TZ: 'UTC',
    });
    expect(PATH.split(':')[0]).toBe(join(import.meta.dirname, '../../../node_modules/.bin'));
  });

  it('is recorded with its start time and its own process group before it serves', async () => {
    const { folder, run, processes } = open();
    await processes.start(describeServer(folder, 'server', WELL_BEHAVED));
    const [record] = readProcessRecords(run);
    const pid = record?.pid ?? 0;
    expect(record).toEqual({ pid, pgid: pid, startTime: readStartTime(pid), name: 'server' });
    await processes.stop();
    expect(readProcessRecords(run)).toEqual([]);
  });

  it('gets its configuration in a file that only this user reads', async () => {
    const { folder, processes } = open();
    const program = `import { statSync } from 'node:fs';
const mode = (statSync(process.argv.at(-1)).mode & 0o777).toString(8);
ready({ colour: config.colour, mode }); stayUp();`;
    const spec = describeServer(folder, 'server', program, { config: { colour: 'green' } });
    const ready = await processes.start(spec);
    await processes.stop();
    expect([...ready]).toEqual([
      ['colour', 'green'],
      ['mode', '600'],
    ]);
  });

  it('that never serves is an error with the last lines of its log', async () => {
    const { folder, processes } = open();
    const program = `console.error('waiting for the moon'); stayUp();`;
    const spec = describeServer(folder, 'server', program, { readyTimeoutMs: 1500 });
    await expect(processes.start(spec)).rejects.toMatchObject({
      message: 'server did not serve within 1.5 s.',
      details: ['waiting for the moon'],
    });
    await processes.stop();
  });

  it('that ends before it serves is an error with the last lines of its log', async () => {
    const { folder, processes } = open();
    const program = `console.error('the port is taken'); process.exitCode = 3;`;
    await expect(processes.start(describeServer(folder, 'server', program))).rejects.toMatchObject({
      message: 'server ended with exit status 3 before it served.',
      details: ['the port is taken'],
    });
    await processes.stop();
  });

  it('that prints something else first is an error that shows it', async () => {
    const { folder, processes } = open();
    const spec = describeServer(folder, 'server', `console.log('hello'); stayUp();`);
    await expect(processes.start(spec)).rejects.toThrow('server printed no ready line but: hello');
    await processes.stop();
  });

  it('whose program is not there is an error that names it', async () => {
    const { processes } = open();
    const spec = { name: 'server', command: '/nowhere/program', args: [], config: {} };
    await expect(processes.start(spec)).rejects.toThrow(
      'server could not start: is /nowhere/program there?',
    );
    await processes.stop();
  });

  it('that ends unexpectedly fails the run with one sentence', async () => {
    const { folder, processes } = open();
    const program = `ready(); setTimeout(() => { console.error('lost'); process.exit(7); }, 100);`;
    await processes.start(describeServer(folder, 'server', program));
    await expect(processes.failure).rejects.toMatchObject({
      message: 'server ended with exit status 7.',
      details: ['lost'],
    });
    await processes.stop();
  });
});

describe('stopping a run', () => {
  it('ends the processes in the reverse order of their start', async () => {
    const { folder, processes } = open();
    const order = join(folder, 'order');
    const program = `import { appendFileSync } from 'node:fs';
process.once('SIGTERM', () => { appendFileSync(config.order, config.name); process.exit(0); });
ready(); stayUp();`;
    for (const name of ['a', 'b', 'c']) {
      await processes.start(describeServer(folder, name, program, { config: { order, name } }));
    }
    await processes.stop();
    expect(readFileSync(order, 'utf8')).toBe('cba');
  });

  it('kills a process that ignores the request, and its children', async () => {
    const { folder, processes } = open();
    const program = `import { spawn } from 'node:child_process';
const source = "process.on('SIGTERM', () => undefined); setInterval(() => undefined, 1000);";
const child = spawn(process.execPath, ['-e', source], { stdio: 'ignore' });
process.on('SIGTERM', () => undefined);
ready({ child: String(child.pid) }); stayUp();`;
    const ready = await processes.start(describeServer(folder, 'server', program));
    const child = Number(ready.get('child'));
    const identity = { pid: child, startTime: readStartTime(child) ?? 'never' };
    expect(isAlive(identity)).toBe(true);
    await processes.stop();
    expect(isAlive(identity)).toBe(false);
  });

  it('refuses to start anything afterwards', async () => {
    const { folder, processes } = open();
    await processes.stop();
    await expect(processes.start(describeServer(folder, 'late', WELL_BEHAVED))).rejects.toThrow(
      'late was not started: the run is ending.',
    );
  });

  it('ends a tool that is running, when it is aborted', async () => {
    const { folder, run, processes } = open();
    const started = join(folder, 'started');
    const program = `require('node:fs').writeFileSync(process.argv[1], ''); setInterval(() => 0, 1000)`;
    const controller = new AbortController();
    const args = ['-e', program, started];
    const spec = { name: 'tool', command: process.execPath, args };
    const running = processes.run(spec, controller.signal);
    await waitForFile(started);
    controller.abort();
    await expect(running).rejects.toMatchObject({ name: 'AbortError' });
    expect(readProcessRecords(run)).toEqual([]);
    await processes.stop();
  });
});
