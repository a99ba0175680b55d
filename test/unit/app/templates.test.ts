import { describe, expect, it } from 'vitest';
import { listRunnable, toTemplateView } from '../../../shared/app/templates.ts';
import { ANALYST, OUTSIDER } from '../../support/callers.ts';
import { TIDY } from '../../support/templates.ts';

const SUMMARY = {
  name: 'tidy',
  version: '1.2.0',
  title: 'Tidy a table',
  description: 'Reads a table and tidies it.',
  deprecated: false,
  links: { self: 'https://api.example/v1/templates/tidy' },
};

describe('templates', () => {
  it('are listed to those who may run them', () => {
    expect(listRunnable([TIDY], ANALYST, 'https://api.example')).toEqual([SUMMARY]);
    expect(listRunnable([TIDY], OUTSIDER, 'https://api.example')).toEqual([]);
  });

  it('are shown in full without accounts, rules and prefixes', () => {
    expect(toTemplateView(TIDY, ANALYST, 'https://api.example')).toEqual({
      ...SUMMARY,
      digest: TIDY.digest,
      owner: 'data@example.com',
      target: 'analytics',
      parameters: TIDY.parameters,
      examples: TIDY.examples,
      limits: TIDY.limits,
      permission: { run: true, missing: [], access: 'Ask data@example.com.', limits: TIDY.limits },
    });
  });

  it('say what is missing to those who may not run them', () => {
    expect(toTemplateView(TIDY, OUTSIDER, 'https://api.example').permission).toEqual({
      run: false,
      missing: ['group analysts'],
      access: 'Ask data@example.com.',
      limits: null,
    });
  });

  it('say that jobs:submit is missing, without which a rule is of no use', () => {
    const reader = { ...ANALYST, groups: ['platform'], scopes: ['jobs:read'] };
    expect(listRunnable([TIDY], reader, 'https://api.example')).toEqual([]);
    expect(toTemplateView(TIDY, reader, 'https://api.example').permission).toMatchObject({
      run: false,
      missing: ['scope jobs:submit'],
    });
  });

  it('show the limits of the rule that lets the caller run them', () => {
    const template = {
      ...TIDY,
      allow: [
        { groups: ['analysts'], limits: { maxRunsPerDay: 5, maxConcurrent: { perCaller: 1 } } },
      ],
    };
    expect(toTemplateView(template, ANALYST, 'https://api.example').permission.limits).toEqual({
      maxRuntimeSeconds: 1800,
      maxConcurrent: { perCaller: 1, perTemplate: 10 },
      maxRunsPerDay: 5,
      maxCost: { amount: '5.00', currency: 'USD' },
    });
  });
});
