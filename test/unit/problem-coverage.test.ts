import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';
import { describe, expect, it } from 'vitest';
import { PROBLEMS } from '../../shared/problem.ts';

/** Rows that no code of ours reaches in a fast test: the test that expects each, and why. */
const ELSEWHERE: Readonly<Record<string, readonly [path: string, reason: string]>> = {
  route_not_found: ['e2e/refusals.e2e.test.ts', 'the gateway answers it itself'],
  throttled: ['e2e/throttling.e2e.test.ts', 'the gateway answers it itself'],
};

const TESTS = join(import.meta.dirname, '..');
const TABLES = ['unit/problem.test.ts', 'unit/problem-coverage.test.ts'];

/** Paths of all fast tests of our code but those that list the table itself. */
function listFastTests(): readonly string[] {
  return ['unit', 'property', 'contract']
    .flatMap((folder) =>
      readdirSync(join(TESTS, folder), { recursive: true, encoding: 'utf8' }).map((path) =>
        join(folder, path),
      ),
    )
    .filter((path) => path.endsWith('.test.ts') && !path.endsWith('.stack.test.ts'))
    .filter((path) => !TABLES.includes(path));
}

function readExpectedCodes(path: string): readonly string[] {
  return findExpectedCodes(readFileSync(join(TESTS, path), 'utf8'));
}

/**
 * Finds the codes that a test file holds answers against: the value of `code` inside a matcher's argument, or what is
 * compared with `….code` or `…['code']`, alone or at its place in a list. Columns of `it.each` are followed. A test
 * that makes the problem itself proves nothing about who throws it and is left out.
 */
function findExpectedCodes(text: string): readonly string[] {
  const source = ts.createSourceFile('test.ts', text, ts.ScriptTarget.Latest, true);
  return descendants(source)
    .filter(ts.isCallExpression)
    .filter((call) => !/\bnew Problem\(/.test(findTest(call)?.getText() ?? ''))
    .flatMap(findExpressions)
    .flatMap(resolve);
}

function descendants(node: ts.Node): readonly ts.Node[] {
  const children: ts.Node[] = [];
  ts.forEachChild(node, (child) => {
    children.push(child, ...descendants(child));
  });
  return children;
}

/** The call `it(…)` or `it.each(…)(…)` around a node. */
function findTest(node: ts.Node): ts.CallExpression | undefined {
  for (let each = node.parent; !ts.isSourceFile(each); each = each.parent) {
    if (ts.isCallExpression(each) && /^it\b/.test(each.expression.getText())) return each;
  }
  return undefined;
}

/** The expressions that stand for codes in `expect(actual).matcher(expected)`; none for any other call. */
function findExpressions(call: ts.CallExpression): readonly ts.Expression[] {
  const actual = findActual(call.expression);
  const [expected] = call.arguments;
  if (actual === undefined || expected === undefined) return [];
  if (isCodeAccess(actual)) return [expected];
  if (ts.isArrayLiteralExpression(actual) && ts.isArrayLiteralExpression(expected)) {
    return expected.elements.filter((_, index) => isCodeAccess(actual.elements[index]));
  }
  return [expected, ...descendants(expected)].flatMap((node): readonly ts.Expression[] => {
    if (ts.isShorthandPropertyAssignment(node)) return node.name.text === 'code' ? [node.name] : [];
    if (!ts.isPropertyAssignment(node)) return [];
    return node.name.getText() === 'code' ? [node.initializer] : [];
  });
}

/** What `expect(…).resolves.toX` and the like are about; undefined behind `not`. */
function findActual(callee: ts.Expression): ts.Expression | undefined {
  if (!ts.isPropertyAccessExpression(callee) || callee.name.text === 'not') return undefined;
  const left = callee.expression;
  if (!ts.isCallExpression(left)) return findActual(left);
  return left.expression.getText() === 'expect' ? left.arguments[0] : undefined;
}

function isCodeAccess(node: ts.Expression | undefined): boolean {
  return node !== undefined && /(\.code|\['code'\])$/.test(node.getText());
}

/** The texts that an expression may have: a literal's own, or a column's of the table that the test runs over. */
function resolve(expression: ts.Expression): readonly string[] {
  if (ts.isStringLiteral(expression)) return [expression.text];
  const test = ts.isIdentifier(expression) ? findTest(expression) : undefined;
  const run = test?.arguments[1];
  if (test === undefined || run === undefined || !ts.isArrowFunction(run)) return [];
  const column = run.parameters.findIndex(({ name }) => name.getText() === expression.getText());
  if (column < 0 || !ts.isCallExpression(test.expression)) return [];
  const [table] = test.expression.arguments;
  const rows = table !== undefined && ts.isAsExpression(table) ? table.expression : table;
  if (rows === undefined) return [];
  return findRows(rows).flatMap((row) => {
    const cell = ts.isArrayLiteralExpression(row) ? row.elements[column] : row;
    return cell !== undefined && ts.isStringLiteral(cell) ? [cell.text] : [];
  });
}

/** A table's rows, written where it is used or in a constant of the file. */
function findRows(table: ts.Expression): readonly ts.Expression[] {
  if (ts.isArrayLiteralExpression(table)) return table.elements;
  const constant = descendants(table.getSourceFile())
    .filter(ts.isVariableDeclaration)
    .find(({ name }) => name.getText() === table.getText());
  const value = constant?.initializer;
  return value !== undefined && ts.isArrayLiteralExpression(value) ? value.elements : [];
}

describe('every row of the problems', () => {
  const expected = new Set(listFastTests().flatMap(readExpectedCodes));

  it.each(Object.keys(PROBLEMS).filter((code) => !(code in ELSEWHERE)))(
    '%s is what a fast test expects of an answer',
    (code) => {
      expect([...expected]).toContain(code);
    },
  );

  it.each(Object.entries(ELSEWHERE))('%s is what %s expects', (code, [path]) => {
    expect(Object.keys(PROBLEMS)).toContain(code);
    expect(readExpectedCodes(path)).toContain(code);
  });
});

describe('an expectation of a code', () => {
  it.each([
    ["expect(problem).toMatchObject({ code: 'a_b' })"],
    ["expect(answer).toMatchObject({ status: 500, body: { code: 'a_b' } })"],
    ["await expect(work).rejects.toMatchObject({ code: 'a_b' })"],
    ["expect(run).toThrow(expect.objectContaining({ code: 'a_b' }))"],
    ["expect((await refuse()).code).toBe('a_b')"],
    ["expect([status, body['code']]).toEqual([404, 'a_b'])"],
    ["it.each([[1, 'a_b']] as const)('t', (n, code) => { expect(p).toMatchObject({ code }); })"],
    ["const T = [['a_b']]; it.each(T)('t', (is) => { expect([b['code']]).toEqual([is]); })"],
  ])('is found in %s', (text) => {
    expect(findExpectedCodes(text)).toEqual(['a_b']);
  });

  it.each([
    ["const code = 'a_b';"],
    ["const problem = { code: 'a_b' };"],
    ["it('says a_b', () => { expect(body).toContain('a_b'); })"],
    ["expect(problem).not.toMatchObject({ code: 'a_b' })"],
    ["expect([body['code'], body['x']]).toEqual([code, 'a_b'])"],
    ["expect(toUpstreamCode(503)).toBe('a_b')"],
    ["it('t', () => { throw new Problem('a_b'); expect(e).toMatchObject({ code: 'a_b' }); })"],
    ["it.each([['a_b', 'x']])('t', (no, code) => { expect(p).toMatchObject({ code: no2 }); })"],
  ])('is not found in %s', (text) => {
    expect(findExpectedCodes(text)).toEqual([]);
  });
});
