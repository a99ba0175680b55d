import { describe, expect, it } from 'vitest';
import {
  describeCaller,
  isSameIdentity,
  parseCallerContext,
  toCallerContext,
} from '../../../shared/identity/caller.ts';
import { ANALYST } from '../../support/callers.ts';

const CONTEXT = toCallerContext(ANALYST);

describe('the context of a caller', () => {
  it('is flat text under names that gateways keep', () => {
    expect(toCallerContext({ ...ANALYST, actor: 'agent-7' })).toEqual({
      issuer: 'https://issuer.example',
      issuerName: 'test',
      subject: 'ana',
      client: 'notebook',
      actor: 'agent-7',
      grantedScopes: '["jobs:read","jobs:submit"]',
      groups: '["analysts"]',
      roles: '[]',
      tokenId: 'token-1',
      expiresAt: '1768482000',
      plan: 'standard',
    });
  });

  it('is read back as the same caller', () => {
    expect(parseCallerContext(CONTEXT)).toEqual(ANALYST);
  });

  it.each([
    ['no issuer', { issuer: undefined }],
    ['an empty issuer', { issuer: '' }],
    ['no name of the issuer', { issuerName: undefined }],
    ['no subject', { subject: undefined }],
    ['an empty subject', { subject: '' }],
    ['no client', { client: undefined }],
    ['no plan', { plan: undefined }],
    ['a plan that does not exist', { plan: 'default' }],
    ['no token id', { tokenId: undefined }],
    ['no scopes', { grantedScopes: undefined }],
    ['scopes that are no JSON', { grantedScopes: 'jobs:read' }],
    ['scopes that are no list', { grantedScopes: '{"0":"jobs:read"}' }],
    ['scopes that are no text', { grantedScopes: '[1]' }],
    ['groups that are no JSON', { groups: '' }],
    ['roles that are null', { roles: 'null' }],
    ['no expiry', { expiresAt: undefined }],
    ['an expiry that is no number', { expiresAt: 'soon' }],
    ['an expiry with a fraction', { expiresAt: '1768482000.5' }],
    ['an expiry that no date can hold', { expiresAt: '9007199254740991' }],
    ['an endless expiry', { expiresAt: 'Infinity' }],
  ])('names nobody with %s', (_name, changes) => {
    expect(parseCallerContext({ ...CONTEXT, ...changes })).toBeUndefined();
  });

  it.each([[undefined], [null], ['text'], [7], [[]], [{}]])(
    'names nobody when it is %j',
    (value) => {
      expect(parseCallerContext(value)).toBeUndefined();
    },
  );
});

describe('a caller', () => {
  it('is named by subject, and by client when that is another', () => {
    expect(describeCaller(ANALYST)).toBe('ana via notebook');
    expect(describeCaller({ ...ANALYST, client: 'ana' })).toBe('ana');
  });

  it('is the same identity only with the same issuer and the same subject', () => {
    expect(isSameIdentity(ANALYST, { ...ANALYST })).toBe(true);
    expect(isSameIdentity(ANALYST, { ...ANALYST, issuer: 'https://other.example' })).toBe(false);
    expect(isSameIdentity(ANALYST, { ...ANALYST, subject: 'Ana' })).toBe(false);
  });
});
