import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import { projectFolder } from '../../local/up/layout.ts';
import { type CommandEnd, WatchedCommand } from './watched-command.ts';

const NAME = 'author-probe';
const made = [`templates/${NAME}`, 'test/templates/test_author_probe.py'].map((path) =>
  join(projectFolder, path),
);
const settings = join(projectFolder, 'pyproject.toml');
const settingsBefore = readFileSync(settings, 'utf8');
const commands: WatchedCommand[] = [];

afterEach(() => {
  for (const command of commands.splice(0)) command.dispose();
});

/** The catalogue is generated: without the template, it must be again. */
afterAll(async () => {
  for (const path of made) rmSync(path, { recursive: true, force: true });
  writeFileSync(settings, settingsBefore);
  await run('check-templates');
  for (const command of commands.splice(0)) command.dispose();
});

function start(...args: readonly string[]): WatchedCommand {
  const command = new WatchedCommand(args);
  commands.push(command);
  return command;
}

/** Runs a command to its end, which leaves nothing behind. */
async function run(...args: readonly string[]): Promise<CommandEnd> {
  const command = start(...args);
  const end = await command.ended;
  expect(command.findLeftovers()).toEqual([]);
  return end;
}

function writeProgram(text: string): void {
  writeFileSync(join(projectFolder, 'templates', NAME, 'author_probe.py'), text);
}

describe('an author', () => {
  it('makes a template that is without fault', async () => {
    const { status, output } = await run('template', 'new', NAME);
    expect(output).toContain(`Made the template ${NAME}:`);
    expect(output).toContain(`npm run try ${NAME}`);
    expect(status).toBe(0);
    expect(await run('check-templates')).toMatchObject({ status: 0 });
    const again = await run('template', 'new', NAME);
    expect(again.output).toContain(`There is a template "${NAME}" already.`);
    expect(again.status).toBe(1);
  });

  it('is told what it does to who may run what, and where', async () => {
    const { status, output } = await run('check-templates', '--against', 'HEAD');
    expect(output).toContain(`${NAME}  none → 0.1.0\n  + template    it is new\n`);
    expect(output).toContain(
      `group analysts with scope jobs:submit may now run ${NAME}, up to 5.00 USD and 1,800 s a run`,
    );
    expect(status).toBe(0);
    const json = await run('check-templates', '--json', '--against', 'HEAD');
    const { templates } = JSON.parse(json.output) as { readonly templates: readonly unknown[] };
    expect(templates).toContainEqual(expect.objectContaining({ name: NAME, before: null }));
  });

  it('tries it with parameters of their own on real Spark, and keeps the result', async () => {
    const { status, output } = await run('try', NAME, '--keep', 'column=Time of day');
    const lines = output.split('\n').map((line) => line.trim());
    expect(lines).toContain(`1  ${NAME} 0.1.0, example 1`);
    expect(lines).toContainEqual(
      expect.stringMatching(/^may cost +0\.\d+ to \d+\.\d+ USD at list/),
    );
    expect(lines).toContainEqual(expect.stringMatching(/^may take +1,800 s, then it is ended$/));
    expect(lines).toContainEqual(expect.stringMatching(/^│ wrote 4 values of 'Time of day' to /));
    expect(lines).toContainEqual(expect.stringMatching(/^data\/part-00000….* [1-9]\d*$/));
    expect(lines.map((line) => line.replace(/ +/g, ' '))).toEqual(
      expect.arrayContaining(['value rows', 'Day 5624', 'Night 3363', 'Dusk 584', 'Dawn 429']),
    );
    expect(lines.at(-2)).toMatch(/^✓ Done in \d+\.\d s, \d+\.\d s of them in the driver\.$/);
    expect(status).toBe(0);
    const [, kept = ''] = /kept +(\S+)/.exec(output) ?? [];
    expect(kept).toMatch(/^\.local\/tries\/jg-[a-z2-7]{26}$/);
    expect(readdirSync(join(projectFolder, kept, 'data'))).toContain('_SUCCESS');
    rmSync(join(projectFolder, kept), { recursive: true });
  });

  it('is refused in the API’s own words, before anything is started', async () => {
    const refused = await run('try', NAME, 'minRows=0', 'input=gs://other/a.csv', 'colour=red');
    expect(refused.output.trim().split('\n')).toEqual([
      '/parameters/colour is not known here',
      '  | /parameters/minRows must be >= 1',
    ]);
    expect(refused.status).toBe(1);
    const unknown = await run('try', 'nothing-like-it');
    expect(unknown.output).toMatch(/^There is no template "nothing-like-it"; there are /);
    expect(unknown.status).toBe(1);
  });

  it('sees the driver’s last lines when the job fails', async () => {
    const { status, output } = await run('try', NAME, 'column=Colour');
    expect(output).toContain('The job failed: ');
    const end = output.slice(output.indexOf('The job failed: '));
    expect(end).toContain("JobError: there is no column 'Colour'; there are: Airport Name, ");
    expect(end.split('\n').filter((line) => line.startsWith('  | '))).not.toEqual([]);
    expect(status).toBe(1);
  });

  it('ends it with Ctrl-C while the driver runs, and nothing is left', async () => {
    writeProgram('import time\n\nprint("waiting", flush=True)\ntime.sleep(600)\n');
    const command = start('try', NAME);
    await command.waitFor('│ waiting');
    command.pressCtrlC();
    const { status } = await command.ended;
    expect(status).toBe(130);
    expect(command.findLeftovers()).toEqual([]);
  });
});
