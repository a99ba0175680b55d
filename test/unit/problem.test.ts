import { describe, expect, it } from 'vitest';
import { Problem, PROBLEMS, toProblem } from '../../shared/problem.ts';

describe('problems', () => {
  it('have a stable code, a status of the 4xx or 5xx classes and a title each', () => {
    expect(Object.entries(PROBLEMS).map(([code, row]) => `${row.status} ${code}`)).toEqual([
      '400 invalid_request',
      '400 invalid_json',
      '401 invalid_token',
      '403 insufficient_scope',
      '403 access_suspended',
      '403 template_forbidden',
      '404 template_not_found',
      '404 job_not_found',
      '404 file_not_found',
      '404 route_not_found',
      '406 not_acceptable',
      '409 job_not_finished',
      '409 job_submitting',
      '409 job_not_succeeded',
      '409 template_changed',
      '413 payload_too_large',
      '415 unsupported_media_type',
      '422 validation_failed',
      '422 idempotency_key_reused',
      '429 limit_reached',
      '429 throttled',
      '500 target_unsuitable',
      '500 internal',
      '501 uploads_unavailable',
      '502 upstream_error',
      '502 upstream_refused',
      '502 credentials_refused',
      '503 submissions_paused',
      '503 upstream_unavailable',
      '504 upstream_timeout',
    ]);
    expect(Object.values(PROBLEMS).filter((row) => row.title.length < 10)).toEqual([]);
  });

  it('pass through toProblem unchanged', () => {
    const problem = new Problem('job_not_found', 'No job of yours has this id.');
    expect(toProblem(problem)).toBe(problem);
  });

  it.each([
    ['an error', new Error('password=hunter2')],
    ['text', 'password=hunter2'],
    ['nothing', undefined],
    ['an object that looks like one', { code: 'job_not_found', detail: 'password=hunter2' }],
  ])('hide %s that is none', (_name, thrown) => {
    const problem = toProblem(thrown);
    expect(problem.code).toBe('internal');
    expect(problem.detail).not.toContain('hunter2');
    expect(problem.message).not.toContain('hunter2');
    expect(problem.extras).toEqual({});
    expect(problem.cause).toBe(thrown);
  });
});
