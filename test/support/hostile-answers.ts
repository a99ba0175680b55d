import type { APIGatewayProxyResult } from 'aws-lambda';
import { expect } from 'vitest';
import { toJsonLine } from '../../shared/log.ts';
import type { AuditRecord } from '../../shared/policy/audit-record.ts';
import { PROBLEMS, type ProblemCode } from '../../shared/problem.ts';

/** Members that a problem may have. Source: docs/architecture.md; shared/problem.ts, ProblemExtras. */
const MEMBERS = new Set([
  ...['type', 'title', 'status', 'detail', 'instance', 'code', 'correlationId', 'retryable'],
  ...['errors', 'caller', 'missing', 'links', 'job', 'limit', 'jobs', 'idempotencyKey'],
  ...['retryAfter', 'changed', 'upstream'],
]);

/** Characters of a refusal, however much was sent, and of any other answer, which shows what was accepted. */
const MAX_REFUSAL = 60_000;
const MAX_ANSWER = 400_000;

/** Holds an answer to a hostile request to what every answer is: no failure, well-formed, bounded, one problem. */
export function checkHostileAnswer(result: APIGatewayProxyResult): void {
  const { statusCode, headers = {}, body } = result;
  expect(statusCode, body.slice(0, 500)).toBeLessThan(500);
  expect(statusCode).toBeGreaterThanOrEqual(200);
  for (const [name, value] of Object.entries(headers)) {
    expect(name).toMatch(/^[a-z0-9-]+$/);
    expect(value).toMatch(/^[\x20-\x7e]+$/);
  }
  expect(headers['x-correlation-id']).toMatch(/^[a-z0-9][a-z0-9-]{7,59}$/);
  expect(body.isWellFormed()).toBe(true);
  if (statusCode < 400) {
    expect(body.length).toBeLessThan(MAX_ANSWER);
    return;
  }
  expect(body.length).toBeLessThan(MAX_REFUSAL);
  const problem = JSON.parse(body) as Readonly<Record<string, unknown>>;
  const code = problem['code'] as ProblemCode;
  expect(Object.keys(problem).filter((name) => !MEMBERS.has(name))).toEqual([]);
  const { status, title } = PROBLEMS[code];
  expect(problem).toMatchObject({ status: statusCode, title, type: `urn:jobgate:problem:${code}` });
  expect(status).toBe(statusCode);
  expect(problem['detail']).toEqual(expect.stringMatching(/./));
  expect(String(problem['instance']).length).toBeLessThanOrEqual(1_200);
  const errors = (problem['errors'] ?? []) as readonly { readonly pointer: string }[];
  expect(errors.length).toBeLessThanOrEqual(20);
  expect(errors.filter(({ pointer }) => pointer.length > 400)).toEqual([]);
  expect(body).not.toMatch(/\bat [\w.<>]+ \(|node:internal|node_modules|\.ts:\d+/);
}

/** Bytes: CloudWatch takes 256 kB an event; a line of ours is far shorter. */
const MAX_LINE = 32_000;
const SEEN = /^[^\p{C}\p{Zl}\p{Zp}]+$/u;

/** Holds log lines and audit records to be one line of bounded JSON each, to every reader. */
export function checkHostileLines(lines: readonly string[], records: readonly AuditRecord[]): void {
  for (const line of [...lines, ...records.map((record) => toJsonLine(record))]) {
    expect(line).toMatch(SEEN);
    expect(line.length).toBeLessThan(MAX_LINE);
    expect(JSON.parse(line)).toMatchObject({ message: expect.any(String) as string });
  }
}
