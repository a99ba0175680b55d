import { existsSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import { stackFile } from '../../local/up/layout.ts';
import { readProcessRecords } from '../../local/up/runs.ts';
import { WatchedCommand } from './watched-command.ts';

const UP = 'Jobgate is up.';
const SERVERS = ['local-aws', 'local-google', 'local-idp'];
/** Longer than the time within which two signals count as one press of Ctrl-C. */
const NEXT_PRESS_MS = 1_500;

const commands: WatchedCommand[] = [];

afterEach(() => {
  for (const command of commands.splice(0)) command.dispose();
});

function start(...args: readonly string[]): WatchedCommand {
  const command = new WatchedCommand(args);
  commands.push(command);
  return command;
}

/** Draws a moment; JOBGATE_MOMENT_MS sets it, to repeat what a failed test's title says. */
function drawMoment(withinMs: number): number {
  const given = process.env['JOBGATE_MOMENT_MS'];
  return given === undefined ? Math.floor(Math.random() * withinMs) : Number(given);
}

function readApi(output: string): string {
  const [, api] = /^ +API +(http\S+)$/m.exec(output) ?? [];
  if (api === undefined) throw new Error(`no address of the API in:\n${output}`);
  return api;
}

/** Empty when no stack is up; another one than the tests' own may be. */
function readStackFileText(): string {
  return existsSync(stackFile) ? readFileSync(stackFile, 'utf8') : '';
}

/** Signals to the groups of a command's servers; each is its group's leader. */
function signalServers(command: WatchedCommand, signal: NodeJS.Signals): readonly string[] {
  const records = command.runs.flatMap(readProcessRecords);
  for (const { pgid } of records) process.kill(-pgid, signal);
  return records.map(({ name }) => name).sort();
}

describe.runIf(process.platform === 'linux')('Ctrl-C at a random moment leaves nothing', () => {
  it.each([drawMoment(15_000), drawMoment(15_000)])('%i ms into npm start', async (momentMs) => {
    const command = start('start');
    await sleep(momentMs);
    command.pressCtrlC();
    const { status, output } = await command.ended;
    expect(status).toBe(output.includes(UP) ? 0 : 130);
    expect(command.findLeftovers()).toEqual([]);
  });

  it.each([drawMoment(12_000)])('%i ms into npm run demo', async (momentMs) => {
    const command = start('demo');
    await sleep(momentMs);
    command.pressCtrlC();
    const { status } = await command.ended;
    expect(status).toBe(130);
    expect(command.findLeftovers()).toEqual([]);
  });

  it.each([drawMoment(2_000)])('%i ms into the Spark job of npm run demo', async (momentMs) => {
    const command = start('demo');
    await command.waitForProcess('org.apache.spark.deploy.SparkSubmit');
    await sleep(momentMs);
    command.pressCtrlC();
    const { status, output } = await command.ended;
    expect(output).toContain('2  One POST');
    expect(status).toBe(130);
    expect(command.findLeftovers()).toEqual([]);
  });

  it.each([drawMoment(8_000)])('%i ms into npm test', async (momentMs) => {
    const command = start('test', 'fast', 'types', 'lint');
    await sleep(momentMs);
    command.pressCtrlC();
    const { status } = await command.ended;
    expect(status).toBe(130);
    expect(command.findLeftovers()).toEqual([]);
  });
});

describe.runIf(process.platform === 'linux')('npm start', () => {
  it('listens on loopback only, and ends well at Ctrl-C when it is up', async () => {
    const command = start('start');
    await command.waitFor(UP);
    const { listeners } = command;
    expect(listeners.length).toBeGreaterThanOrEqual(SERVERS.length);
    expect(listeners.filter(({ isLoopback }) => !isLoopback)).toEqual([]);
    command.pressCtrlC();
    const { status, output } = await command.ended;
    expect(output).toContain('Everything has ended.');
    expect(status).toBe(0);
    expect(readStackFileText()).not.toContain(readApi(output));
    expect(command.findLeftovers()).toEqual([]);
  });

  it('ends everything at once at the second Ctrl-C, although its servers hang', async () => {
    const command = start('start');
    await command.waitFor(UP);
    expect(signalServers(command, 'SIGSTOP')).toEqual(SERVERS);
    command.pressCtrlC();
    await command.waitFor('local-idp: ending');
    await sleep(NEXT_PRESS_MS);
    command.pressCtrlC();
    const { status, output } = await command.ended;
    expect(status).toBe(130);
    expect(output).not.toContain('Everything has ended.');
    expect(readStackFileText()).not.toContain(readApi(output));
    await expect.poll(() => command.findLeftovers(), { timeout: 30_000 }).toEqual([]);
  });

  it('ends in order when only its own process is told to end', async () => {
    const command = start('start');
    await command.waitFor('serverless deploy: starting');
    command.terminate();
    const { status } = await command.ended;
    expect(status).toBe(143);
    expect(command.findLeftovers()).toEqual([]);
  });

  it('clears what a killed one left', async () => {
    const killed = start('start');
    await killed.waitFor(UP);
    killed.kill();
    const { output: killedOutput } = await killed.ended;
    expect(killed.findLeftovers()).not.toEqual([]);
    expect(readStackFileText()).toContain(readApi(killedOutput));
    const command = start('start');
    await command.waitFor('local AWS: starting');
    expect(killed.findLeftovers()).toEqual([]);
    command.pressCtrlC();
    const { status, output } = await command.ended;
    expect(status).toBe(130);
    expect(readStackFileText()).not.toContain(readApi(killedOutput));
    expect(output).toMatch(/Cleared run \S+, whose owner had died/);
    expect(command.findLeftovers()).toEqual([]);
  });
});
