import { toCostView } from '../jobs/job-cost.ts';
import { isTerminal, type JobRecord, type JobState } from '../jobs/job.ts';
import { runSweep } from '../jobs/sweep/run.ts';
import type { SweepPorts, SweepSummary, SweepTrouble } from '../jobs/sweep/work.ts';
import { describeCause, type Log } from '../log.ts';
import type { Metrics, SweepFigures } from '../metrics.ts';
import { Problem } from '../problem.ts';
import type { SweepRun } from './sweep-app.ts';

/** Minutes between two comparisons of the counters with the records, which the two sweeps from then on make: one may fail. */
const CORRECT_EVERY_MINUTES = 10;

/** What a sweep came to, with the requests that it sent to Dataproc. */
export type SweptSummary = SweepSummary & SweepFigures;

/** Sweeps once. @throws upstream problems when it could not even begin. */
export async function sweepJobs(run: SweepRun): Promise<SweptSummary> {
  const { app, deadline } = run;
  const corrects = app.now().getUTCMinutes() % CORRECT_EVERY_MINUTES < 2;
  const before = app.countDataprocCalls();
  const summary = await runSweep({ deadline, corrects }, toPorts(run));
  return { ...summary, upstreamCalls: app.countDataprocCalls() - before };
}

function toPorts({ app, requestId, log }: SweepRun): SweepPorts {
  const { config, records, gateway, events, browse, cancel, metrics, record, now } = app;
  return {
    ...browse,
    records,
    gateway,
    record,
    now,
    events,
    requestId,
    deployment: config.deployment,
    targets: [...config.targets.keys()],
    operatorOf: cancel.operatorOf,
    onAnnounced: (job, states) => {
      countEnd(job, states, metrics);
    },
    onTrouble: (trouble) => {
      tell(trouble, log);
    },
  };
}

/** A job that ended counts once: when it is noted that its end was announced. */
function countEnd(record: JobRecord, states: readonly JobState[], metrics: Metrics): void {
  const { id: jobId, template, state, startedAt, endedAt } = record;
  if (!isTerminal(state) || !states.some((each) => each === state)) return;
  const ran = startedAt !== null && endedAt !== null;
  const runSeconds = ran ? (Date.parse(endedAt) - Date.parse(startedAt)) / 1000 : null;
  const view = toCostView(record);
  const cost =
    view === null ? null : { amount: Number(view.accrued.amount), currency: view.currency };
  metrics.jobEnded({ jobId, template, state, runSeconds, cost });
}

function tell({ doing, jobId, target, thrown }: SweepTrouble, log: Log): void {
  const known = thrown instanceof Problem ? { code: thrown.code } : {};
  log.write('error', `sweep: ${doing}`, {
    ...known,
    ...(jobId === undefined ? {} : { jobId }),
    ...(target === undefined ? {} : { target }),
    cause: describeCause(thrown),
  });
}
