import { describe, expect, it } from 'vitest';
import { deriveJobId, isTerminal, JOB_STATES, parseJobId } from '../../../shared/jobs/job.ts';

const IDENTITY = {
  deployment: 'jobgate-prod',
  issuer: 'https://issuer.example',
  subject: 'ana',
  actor: null,
  template: 'tidy',
  idempotencyKey: 'key-1',
};

describe('a job id', () => {
  it('is the first 128 bits of SHA-256 over the identity, in base32', () => {
    expect(deriveJobId(IDENTITY)).toBe('jg-gpjwp6f5t3n2qjrllvyx6x7y4i');
  });

  it('of who acts for somebody is made from that, too', () => {
    // printf '["jobgate-prod","https://issuer.example","ana","tidy","key-1","agent-7"]' | sha256sum
    expect(deriveJobId({ ...IDENTITY, actor: 'agent-7' })).toBe('jg-na5vlmdc2bhilhpfm2vxvncgea');
  });

  it('is made from text of any alphabet', () => {
    const identity = { ...IDENTITY, subject: 'Jörg "J"', idempotencyKey: 'a/b c' };
    expect(deriveJobId(identity)).toBe('jg-gkzyamfxke4xgia7wtyk6stdsm');
  });

  it.each([
    ['deployment', { deployment: 'jobgate-test' }],
    ['issuer', { issuer: 'https://other.example' }],
    ['subject', { subject: 'Ana' }],
    ['actor', { actor: 'agent-7' }],
    ['template', { template: 'tidy-2' }],
    ['key', { idempotencyKey: 'key-2' }],
    ['border between two parts', { subject: 'anat', template: 'idy' }],
  ])('is another one for another %s', (_name, changes) => {
    expect(deriveJobId({ ...IDENTITY, ...changes })).not.toBe(deriveJobId(IDENTITY));
  });

  it('is recognised by its form', () => {
    expect(parseJobId('jg-gpjwp6f5t3n2qjrllvyx6x7y4i')).toBe('jg-gpjwp6f5t3n2qjrllvyx6x7y4i');
  });

  it.each([
    ['capitals', 'jg-GPJWP6F5T3N2QJRLLVYX6X7Y4I'],
    ['a character too few', 'jg-gpjwp6f5t3n2qjrllvyx6x7y4'],
    ['a character too many', 'jg-gpjwp6f5t3n2qjrllvyx6x7y4ia'],
    ['a digit that base32 lacks', 'jg-gpjwp6f5t3n2qjrllvyx6x7y41'],
    ['another prefix', 'jx-gpjwp6f5t3n2qjrllvyx6x7y4i'],
    ['a line break', 'jg-gpjwp6f5t3n2qjrllvyx6x7y4i\n'],
    ['a path', 'jg-gpjwp6f5t3n2qjrllvyx6x7y4i/..'],
    ['no text', 7],
    ['nothing', undefined],
  ])('is none with %s', (_name, value) => {
    expect(parseJobId(value)).toBeUndefined();
  });
});

describe('a state', () => {
  it('is final when the job succeeded, failed or was cancelled', () => {
    expect(JOB_STATES.filter(isTerminal)).toEqual(['succeeded', 'failed', 'cancelled']);
    expect(isTerminal('submitting')).toBe(false);
  });
});
