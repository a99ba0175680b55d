import { describe, expect, it } from 'vitest';
import { toProblem } from '../../../shared/problem.ts';
import { findTemplate, getTemplate } from '../../../shared/templates/catalog.ts';
import { parseTemplateName } from '../../../shared/templates/template.ts';
import { TIDY } from '../../support/templates.ts';

describe('the catalog', () => {
  it('gives a template by its name', () => {
    expect(getTemplate([TIDY], 'tidy')).toBe(TIDY);
  });

  it.each([
    ['tidier'],
    ['TIDY'],
    ['../tidy'],
    ['tidy\n'],
    [''],
    ['t'],
    [undefined],
    [7],
    [['tidy']],
  ])('has nothing called %j', (name) => {
    expect(findTemplate([TIDY], name)).toBeUndefined();
    let thrown: unknown;
    try {
      getTemplate([TIDY], name);
    } catch (error) {
      thrown = error;
    }
    expect(toProblem(thrown)).toMatchObject({
      code: 'template_not_found',
      detail: 'No template has this name. GET /v1/templates lists those that you may run.',
    });
  });
});

describe('a template’s name', () => {
  it('has 2 to 41 characters of a small alphabet and begins with a letter', () => {
    expect(parseTemplateName('a1')).toBe('a1');
    expect(parseTemplateName(`a${'b'.repeat(40)}`)).toBe(`a${'b'.repeat(40)}`);
    expect(parseTemplateName(`a${'b'.repeat(41)}`)).toBeUndefined();
    expect(parseTemplateName('1a')).toBeUndefined();
    expect(parseTemplateName('a_b')).toBeUndefined();
  });
});
