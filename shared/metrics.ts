import type { LogSink } from './log.ts';

/** How a job ended, in figures. */
export interface EndedJob {
  readonly jobId: string;
  readonly template: string;
  readonly state: string;
  /** Null for a job that never started. */
  readonly runSeconds: number | null;
  /** What it has cost; null where there is no price. For graphs: money itself is never a floating-point number. */
  readonly cost: { readonly amount: number; readonly currency: string } | null;
}

/** What one sweep saw and did. */
export interface SweepFigures {
  /** Jobs that have not ended, and those of them that Dataproc is not known to hold. */
  readonly active: number;
  readonly submitting: number;
  /** Active jobs that name this deployment and that no living record knows, and those of them that have none at all. */
  readonly orphans: number;
  readonly strangers: number;
  /** Places under run limits that were put right. */
  readonly corrected: number;
  /** What of that failed, or was left; null, and no metric, when no counters were compared. */
  readonly uncorrected: number | null;
  /** Requests to Dataproc, each attempt and each page of a list. */
  readonly upstreamCalls: number;
  /** Things that went wrong, each with a line in the log. */
  readonly failed: number;
  /** Targets whose jobs could not be listed, or not all of them. */
  readonly unlisted: number;
  /** What was due and not done when the time was up. */
  readonly unfinished: number;
}

/** Writes figures for CloudWatch's graphs and alarms. */
export interface Metrics {
  jobEnded(job: EndedJob): void;
  /** Written by a sweep that came to its end, and by no other: an alarm listens to the silence. */
  swept(figures: SweepFigures, durationMs: number): void;
}

/** One figure. Source: CloudWatch API reference, MetricDatum, Unit. */
type Figure = readonly [value: number, unit: 'Count' | 'Seconds' | 'Milliseconds' | 'None'];

interface Line {
  readonly message: string;
  readonly dimensions: Readonly<Record<string, string>>;
  readonly figures: Readonly<Record<string, Figure>>;
  /** Members that are searched for and make no metric of their own. */
  readonly members?: Readonly<Record<string, string>>;
}

const NAMESPACE = 'Jobgate';

/**
 * Makes the writer of metrics: log lines in CloudWatch's embedded metric format, which Lambda's log carries at no call.
 * Dimensions are the deployment, a template's name and a state, so that metrics stay few. Source: CloudWatch user guide,
 * embedded metric format specification.
 */
export function createMetrics(sink: LogSink, deployment: string): Metrics {
  const write = (line: Line): void => {
    sink.writeLine(JSON.stringify(toEmbedded(line, sink.now())));
  };
  return {
    jobEnded: ({ jobId, template, state, runSeconds, cost }) => {
      write({
        message: 'job ended',
        dimensions: { deployment, template, state },
        figures: {
          JobsEnded: [1, 'Count'],
          ...(runSeconds === null ? {} : { RunSeconds: [runSeconds, 'Seconds'] as const }),
          ...(cost === null ? {} : { CostAccrued: [cost.amount, 'None'] as const }),
        },
        members: { jobId, ...(cost === null ? {} : { currency: cost.currency }) },
      });
    },
    swept: (figures, durationMs) => {
      write({
        message: 'swept',
        dimensions: { deployment },
        figures: toFigures(figures, durationMs),
      });
    },
  };
}

function toFigures(swept: SweepFigures, durationMs: number): Line['figures'] {
  return {
    Sweeps: [1, 'Count'],
    Active: [swept.active, 'Count'],
    Submitting: [swept.submitting, 'Count'],
    Orphans: [swept.orphans, 'Count'],
    Strangers: [swept.strangers, 'Count'],
    Corrected: [swept.corrected, 'Count'],
    ...(swept.uncorrected === null ? {} : { Uncorrected: [swept.uncorrected, 'Count'] as const }),
    UpstreamCalls: [swept.upstreamCalls, 'Count'],
    Failed: [swept.failed, 'Count'],
    Unlisted: [swept.unlisted, 'Count'],
    Unfinished: [swept.unfinished, 'Count'],
    DurationMs: [durationMs, 'Milliseconds'],
  };
}

/** Every dimension and metric is a member of the object's root, where the directive's names lead. */
function toEmbedded(line: Line, now: Date): Readonly<Record<string, unknown>> {
  const figures = Object.entries(line.figures);
  return {
    _aws: {
      Timestamp: now.getTime(),
      CloudWatchMetrics: [
        {
          Namespace: NAMESPACE,
          Dimensions: [Object.keys(line.dimensions)],
          Metrics: figures.map(([Name, [, Unit]]) => ({ Name, Unit })),
        },
      ],
    },
    timestamp: now.toISOString(),
    level: 'info',
    message: line.message,
    service: 'jobgate',
    ...line.dimensions,
    ...line.members,
    ...Object.fromEntries(figures.map(([name, [value]]) => [name, value])),
  };
}
