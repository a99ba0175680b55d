import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { JOB_STATES } from '../../shared/jobs/job.ts';
import { compileSchema } from '../support/json-schemas.ts';
import { ROOT } from './source-files.ts';

const text = readFileSync(join(ROOT, 'docs/events.md'), 'utf8');

function listBlocks(language: string): readonly string[] {
  const blocks = text.matchAll(new RegExp(`^\`\`\`${language}\\n([\\s\\S]*?)^\`\`\``, 'gm'));
  return [...blocks].map(([, block = '']) => block);
}

interface EventExample {
  readonly 'detail-type': string;
  readonly source: string;
  readonly detail: Readonly<Record<string, unknown>>;
}

interface Rule {
  readonly Type: string;
  readonly Properties: {
    readonly EventPattern?: { readonly source: unknown; readonly 'detail-type': readonly string[] };
  };
}

interface Template {
  readonly Resources: Readonly<Record<string, Rule>>;
}

describe('docs/events.md', () => {
  it('shows an event as it is told', () => {
    const [block = '{}', ...others] = listBlocks('json');
    expect(others).toEqual([]);
    const { source, detail, ...rest } = JSON.parse(block) as EventExample;
    const check = compileSchema('shared/events/job-event.schema.json', { closed: true });
    expect(check(detail) ? [] : check.errors).toEqual([]);
    expect([source, rest['detail-type']]).toEqual(['jobgate', `job.${String(detail['state'])}`]);
    expect(detail['id']).toBe(`${String(detail['job'])}:${String(detail['state'])}`);
  });

  it('names every state that is told', () => {
    for (const state of JOB_STATES) expect(text).toContain(`\`job.${state}\``);
  });

  it('shows rules that listen to events that there are', () => {
    const rules = listBlocks('yaml')
      .flatMap((block) => Object.values((parse(block) as Template).Resources))
      .filter(({ Type }) => Type === 'AWS::Events::Rule');
    expect(rules).toHaveLength(2);
    const told = JOB_STATES.map((state) => `job.${state}`);
    for (const { Properties } of rules) {
      expect(Properties.EventPattern?.source).toEqual(['jobgate']);
      const types = Properties.EventPattern?.['detail-type'] ?? [];
      expect(types.filter((type) => !told.includes(type))).toEqual([]);
    }
  });
});
