import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { execFileSync } from 'node:child_process';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { compareTemplates } from '../../../tools/changes/compare.ts';
import { renderComparison } from '../../../tools/changes/page.ts';

const DEFINITION = `name: tidy
version: 1.2.0
title: Tidy a table
description: Reads a table and tidies it.
owner: data@example.com
access: Ask data@example.com.
parameters:
  type: object
  additionalProperties: false
  required: [input]
  properties:
    input: { type: string, format: storage-uri }
    limit: { type: integer, maximum: 100, default: 10 }
examples:
  - input: gs://inputs/a.csv
job:
  pyspark:
    main: tidy.py
    args:
      - --input
      - parameter: input
      - output: uri
    properties: { spark.executor.instances: '2' }
target: analytics
submitter: jg-submit-tidy
runtimeAccount: jg-run-tidy
reads: [gs://inputs/]
writes: [gs://results/tidy/]
output:
  uri: gs://results/tidy/
allow:
  - groups: [analysts]
limits:
  maxRuntimeSeconds: 1800
  maxConcurrent: { perCaller: 2, perTemplate: 10 }
  maxRunsPerDay: 50
  maxCost: { amount: '5.00', currency: USD }
`;

const folders: string[] = [];

afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true });
});

/** A repository with one template in its first commit, which is tagged `first`. */
class Repository {
  readonly root = mkdtempSync(join(tmpdir(), 'compare-'));

  constructor(definition = DEFINITION) {
    folders.push(this.root);
    this.git('init', '--quiet');
    this.write('templates/tidy/template.yaml', definition);
    this.write('templates/tidy/tidy.py', 'print(1)\n');
    this.commit();
    this.git('tag', 'first');
  }

  git(...args: readonly string[]): string {
    const who = ['-c', 'user.name=test', '-c', 'user.email=test@example.com'];
    const quiet = ['-c', 'commit.gpgsign=false', '-c', 'core.hooksPath=/dev/null'];
    const options = { cwd: this.root, encoding: 'utf8' } as const;
    return execFileSync('git', [...who, ...quiet, ...args], options).trim();
  }

  commit(): void {
    this.git('add', '--all');
    this.git('commit', '--quiet', '--message', 'test: templates');
  }

  write(path: string, text: string): void {
    mkdirSync(dirname(join(this.root, path)), { recursive: true });
    writeFileSync(join(this.root, path), text);
  }

  /** Changes the definition by texts and their replacements. */
  change(...changes: readonly (readonly [string, string])[]): void {
    const text = changes.reduce((changed, [from, to]) => {
      expect(changed).toContain(from);
      return changed.replace(from, to);
    }, DEFINITION);
    this.write('templates/tidy/template.yaml', text);
  }

  /** The comparison with the first commit in words, without its first line, which names the commit. */
  async compare(): Promise<string> {
    const text = renderComparison(await compareTemplates(this.root, 'first'));
    return text.replace(this.git('rev-parse', 'first').slice(0, 12), 'COMMIT');
  }
}

const VERSION = ['version: 1.2.0', 'version: 1.3.0'] as const;

describe('a comparison with a revision', () => {
  it('is one sentence when nothing has changed', async () => {
    expect(await new Repository().compare()).toBe(
      'No template has changed since first (COMMIT).\n',
    );
  });

  it('says what a change does to access, cost, reach, parameters and program', async () => {
    const repository = new Repository();
    repository.change(
      ['version: 1.2.0', 'version: 2.0.0'],
      ['title: Tidy a table', 'title: Tidy it'],
      ['  - groups: [analysts]', '  - groups: [analysts]\n  - groups: [finance]'],
      ["maxCost: { amount: '5.00'", "maxCost: { amount: '50.00'"],
      ['reads: [gs://inputs/]', 'reads: [gs://inputs/, gs://payroll/]'],
      ['target: analytics', 'target: ledger'],
      ['runtimeAccount: jg-run-tidy', 'runtimeAccount: jg-run-ledger'],
      ['maximum: 100', 'maximum: 50'],
      ["instances: '2'", "instances: '20'"],
      ['      - --input\n', '      - --in\n'],
    );
    repository.write('templates/tidy/tidy.py', 'print(2)\n');
    repository.write('templates/tidy/rules.py', '');
    expect(await repository.compare()).toBe(`1 template changed since first (COMMIT):

tidy  1.2.0 → 2.0.0
  ~ template    members that differ: title
  + access      group finance may now run tidy, up to 50.00 USD and 1,800 s a run, 2 at once (10 of all callers), 50 a day
  + cost        group analysts: cost of a run up to 50.00 USD (was 5.00 USD)
  + reach       its jobs may now read gs://payroll/
  ~ reach       it runs on target ledger (was analytics)
  ~ reach       it runs as account jg-run-ledger (was jg-run-tidy)
  ! parameters  limit: maximum is 50 (was 100) (breaks callers)
  ~ program     job files that differ: rules.py, tidy.py
  ~ cost        spark.executor.instances is "20" (was "2")
  ~ program     its program is called in another way

1 template changed, no fault.
`);
  });

  it('tells all of a template that is new, and of a deprecated one that is gone', async () => {
    const repository = new Repository(`${DEFINITION}deprecated: true\n`);
    rmSync(join(repository.root, 'templates/tidy'), { recursive: true });
    repository.write('templates/neat/template.yaml', DEFINITION.replaceAll('tidy', 'neat'));
    repository.write('templates/neat/neat.py', 'print(1)\n');
    expect(await repository.compare()).toBe(`2 templates changed since first (COMMIT):

neat  none → 1.2.0
  + template    it is new
  + access      group analysts may now run neat, up to 5.00 USD and 1,800 s a run, 2 at once (10 of all callers), 50 a day
  + reach       its jobs may now read gs://inputs/
  + reach       its jobs may now write gs://results/neat/
  ~ reach       it runs on target analytics, as account jg-run-neat

tidy  1.2.0 → none
  ! template    it is gone
  - access      group analysts may no longer run tidy

2 templates changed, no fault.
`);
  });

  it('finds a fault in the removal of a template that was not deprecated', async () => {
    const repository = new Repository();
    rmSync(join(repository.root, 'templates/tidy'), { recursive: true });
    repository.write('templates/.keep', '');
    const { faults } = await compareTemplates(repository.root, 'first');
    expect(faults).toBe(1);
    expect(await repository.compare()).toBe(`1 template changed since first (COMMIT):

tidy  1.2.0 → none
  ✗ template    fault: it is gone, and was not deprecated before: deprecate it, deploy that, then remove it
  - access      group analysts may no longer run tidy

1 template changed, 1 fault.
`);
  });

  it('finds none in the removal of one that could not be read, which nobody could run', async () => {
    const repository = new Repository('name: tidy\n');
    rmSync(join(repository.root, 'templates/tidy'), { recursive: true });
    repository.write('templates/.keep', '');
    expect(await repository.compare()).toContain(
      'tidy  \n  ! template    it is gone\n\n1 template changed, no fault.\n',
    );
  });

  it('says that callers may run files of their own, and that they no longer may', async () => {
    const repository = new Repository();
    const own = `gs://files/uploads/${'a'.repeat(26)}/${'a'.repeat(26)}/7/${'0'.repeat(64)}/a.csv`;
    repository.change(
      ['version: 1.2.0', 'version: 2.0.0'],
      ['format: storage-uri', 'format: upload-uri'],
      ['input: gs://inputs/a.csv', `input: ${own}`],
    );
    expect(await repository.compare()).toContain(
      '  + reach       callers may now run files of their own (input)\n',
    );
    repository.commit();
    repository.git('tag', '--force', 'first');
    repository.change(['version: 1.2.0', 'version: 3.0.0']);
    expect(await repository.compare()).toContain(
      '  - reach       callers may no longer run files of their own (input)\n',
    );
  });

  it('is the same as JSON, for programs', async () => {
    const repository = new Repository();
    repository.change(VERSION, ['maxRunsPerDay: 50', 'maxRunsPerDay: 5']);
    expect(await compareTemplates(repository.root, 'first')).toEqual({
      revision: 'first',
      commit: repository.git('rev-parse', 'first'),
      templates: [
        {
          name: 'tidy',
          before: '1.2.0',
          after: '1.3.0',
          changes: [
            {
              topic: 'cost',
              effect: 'narrower',
              fault: false,
              text: 'group analysts: runs a day of one caller up to 5 (was 50)',
            },
          ],
        },
      ],
      faults: 0,
    });
  });

  it('takes a template that could not be read before for new', async () => {
    const repository = new Repository('name: tidy\n');
    repository.change();
    expect(await repository.compare()).toContain(
      'tidy  none → 1.2.0\n  + template    it could not be read before, so that all of it counts as new: ',
    );
  });

  it('takes links and folders within a template’s folder for no part of it', async () => {
    const repository = new Repository();
    symlinkSync('/etc/hostname', join(repository.root, 'templates/tidy/link.py'));
    repository.write('templates/tidy/deeper/more.py', '');
    repository.commit();
    repository.git('tag', '--force', 'first');
    rmSync(join(repository.root, 'templates/tidy/link.py'));
    expect(await repository.compare()).toContain('No template has changed');
  });
});

describe('a version', () => {
  it.each<readonly [string, readonly (readonly [string, string])[], string]>([
    [
      'stays as it was while files differ',
      [['title: Tidy a table', 'title: Tidy it']],
      'its files differ, and the version is 1.2.0 as before: raise it',
    ],
    [
      'goes down',
      [['version: 1.2.0', 'version: 1.1.9']],
      'version 1.1.9 is below 1.2.0, which was there before',
    ],
    [
      'hides a change that breaks callers',
      [VERSION, ['maximum: 100', 'maximum: 50']],
      'its parameters break callers: version 1.3.0 must be 2.0.0',
    ],
  ])('is at fault when it %s', async (_name, changes, text) => {
    const repository = new Repository();
    repository.change(...changes);
    const { templates, faults } = await compareTemplates(repository.root, 'first');
    const change = { topic: 'version', effect: 'changed', fault: true, text };
    expect(templates.flatMap((template) => template.changes).filter(({ fault }) => fault)).toEqual([
      change,
    ]);
    expect(faults).toBe(1);
    expect(await repository.compare()).toContain(
      `  ✗ version     fault: ${text}\n\n1 template changed, 1 fault.\n`,
    );
  });

  it.each<readonly [string, readonly (readonly [string, string])[]]>([
    [
      'another patch for other words',
      [
        ['1.2.0', '1.2.1'],
        ['title: Tidy a table', 'title: T'],
      ],
    ],
    ['another minor one for a wider parameter', [VERSION, ['maximum: 100', 'maximum: 200']]],
    [
      'another major one for a tighter one',
      [
        ['1.2.0', '2.0.0'],
        ['maximum: 100', 'maximum: 50'],
      ],
    ],
    [
      'anything for fewer callers',
      [
        ['1.2.0', '1.2.1'],
        ['- groups: [analysts]', '- groups: [a]'],
      ],
    ],
  ])('is right when it is %s', async (_name, changes) => {
    const repository = new Repository();
    repository.change(...changes);
    const { templates, faults } = await compareTemplates(repository.root, 'first');
    expect(faults).toBe(0);
    const said = templates.flatMap((template) => template.changes);
    expect(said.filter(({ topic }) => topic === 'version')).toEqual([]);
  });

  it('of a new parameter that calls itself a repair is remarked, and no fault', async () => {
    const repository = new Repository();
    repository.change(['1.2.0', '1.2.1'], ['maximum: 100', 'maximum: 200']);
    const { templates, faults } = await compareTemplates(repository.root, 'first');
    expect(faults).toBe(0);
    expect(templates[0]?.changes.at(-1)).toEqual({
      topic: 'version',
      effect: 'changed',
      fault: false,
      text: 'version 1.2.1 says that nothing is new; for new parameters it would be 1.3.0',
    });
  });

  it('before 1.0.0 breaks callers by another minor one', async () => {
    const first = DEFINITION.replace('1.2.0', '0.2.0');
    const repository = new Repository(first);
    const tighter = first.replace('maximum: 100', 'maximum: 50');
    const findFaults = async (version: string) => {
      repository.write('templates/tidy/template.yaml', tighter.replace('0.2.0', version));
      return (await compareTemplates(repository.root, 'first')).faults;
    };
    expect([await findFaults('0.2.1'), await findFaults('0.3.0')]).toEqual([1, 0]);
  });
});

describe('a revision that cannot be compared with', () => {
  it.each(['second', '--upload-pack=x', 'first:templates', '', 'first\nsecond'])(
    'is named: %j',
    async (revision) => {
      const { root } = new Repository();
      await expect(compareTemplates(root, revision)).rejects.toThrow(
        `There is no revision "${revision}" here.`,
      );
    },
  );

  it('is one of a folder that is no repository', async () => {
    const root = mkdtempSync(join(tmpdir(), 'compare-'));
    folders.push(root);
    // Without it git would find the repository that the folder for temporary files may lie in.
    writeFileSync(join(root, '.git'), 'no repository');
    await expect(compareTemplates(root, 'HEAD')).rejects.toThrow(/^git cannot look for "HEAD": /);
  });
});
