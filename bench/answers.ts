/** What a function answered about a job. */
export interface JobAnswer {
  readonly status: number;
  readonly id: string;
  readonly state: string;
}

/**
 * Requires the answer about a job that is queued: 202 for a new one, 200 for one that is looked at. What is not answered
 * rightly is not worth timing. @throws Error
 */
export function requireQueued({ status, id, state }: JobAnswer, expected: 200 | 202): void {
  if (status === expected && /^jg-[a-z2-7]{26}$/.test(id) && state === 'queued') return;
  throw new Error(`answered ${status} with the job ${id}, which is ${state}`);
}
