import { createDataprocGateway } from '../../shared/dataproc/gateway.ts';
import type { ActiveQuery, JobGateway } from '../../shared/jobs/ports.ts';
import { toProblem, type Problem } from '../../shared/problem.ts';
import type { HttpRequest } from '../../shared/transport.ts';
import { createClock, FAR, type FakeClock } from './clock.ts';
import { createRoutedSend, type FakeSend, type Scripted } from './fake-send.ts';
import { ANALYTICS, EPHEMERAL, SHARED } from './targets.ts';

/** The labels of the deployment whose jobs are listed. */
export const LABELS = { jobgate: 'v1', 'jg-deployment': 'jobgate-dev' };

/** The adapter over a transport that a test plays. */
export interface ListingBench extends FakeSend {
  readonly clock: FakeClock;
  readonly gateway: JobGateway;
}

/** Makes the adapter with a target of each kind. */
export function createListingBench(
  route: (request: HttpRequest, index: number) => Scripted | undefined,
): ListingBench {
  const clock = createClock();
  const fake = createRoutedSend(route);
  const gateway = createDataprocGateway({
    targets: new Map([ANALYTICS, SHARED, EPHEMERAL].map((target) => [target.name, target])),
    endpoint: null,
    tokens: (email) => Promise.resolve(`token-of-${email}`),
    send: fake.send,
    now: clock.now,
    sleep: clock.sleep,
  });
  return { ...fake, clock, gateway };
}

/** Asks for the active jobs of a target. */
export function query(target: string, changes: Partial<ActiveQuery> = {}): ActiveQuery {
  return { target, account: 'jg-read', labels: LABELS, deadline: FAR, ...changes };
}

/** The parameters of a request. */
export function queryOf(url: string | undefined): Record<string, string> {
  return Object.fromEntries(new URL(url ?? '').searchParams);
}

/** The problem that work ends with. */
export async function refusal(work: Promise<unknown>): Promise<Problem> {
  return work.then(() => {
    throw new Error('nothing was refused');
  }, toProblem);
}

/** A job of a cluster as Dataproc lists it. */
export function job(jobId: string, changes: object = {}): object {
  const reference = { projectId: 'acme', jobId };
  return { reference, status: { state: 'RUNNING' }, labels: LABELS, ...changes };
}
