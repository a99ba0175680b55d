import type { JobId } from '../../shared/jobs/job.ts';
import type { Submission } from '../../shared/jobs/ports.ts';
import { FAR } from './clock.ts';

/** Makes a submission of a PySpark program, as the domain hands it to an engine, with changes. */
export function makeSubmission(jobId: JobId, changes: Partial<Submission> = {}): Submission {
  return {
    jobId,
    program: {
      kind: 'pyspark',
      mainUri: 'gs://stage/tidy.py',
      pyFileUris: ['gs://stage/rules.py'],
      args: ['--input', 'gs://inputs/open/a.csv'],
      properties: { 'spark.executor.instances': '2' },
      outputUri: 'gs://results/tidy/jg-1/',
    },
    target: 'analytics',
    submitterAccount: 'jg-submit-tidy',
    runtimeAccount: 'jg-run-tidy',
    maxRuntimeSeconds: 900,
    labels: { jobgate: 'v1', 'jg-request': 'r-1' },
    deadline: FAR,
    ...changes,
  };
}
