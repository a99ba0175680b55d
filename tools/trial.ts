import { randomUUID } from 'node:crypto';
import { toBatch, type BatchJson } from '../shared/dataproc/batch.ts';
import { deriveJobId } from '../shared/jobs/job.ts';
import type { Submission } from '../shared/jobs/ports.ts';
import { toUploadPlace } from '../shared/jobs/uploads.ts';
import {
  checkParameters,
  type Parameters,
  type Validator,
} from '../shared/templates/parameters.ts';
import { renderProgram, toFilesUri } from '../shared/templates/render.ts';
import type { Template } from '../shared/templates/template.ts';
import { placeFiles, type TrialFile } from './trial-files.ts';
import { toTypedParameters } from './typed-parameters.ts';

/** What is tried: one example of a template, with parameters of one's own over it. */
export interface TrialRequest {
  /** 1 is the first. */
  readonly example: number;
  /** `name=value` words; a path may stand for a URI. */
  readonly words: readonly string[];
}

/** Where the local Dataproc runs a trial. */
export interface TrialPlace {
  readonly stagingBucket: string;
  readonly runtimeVersion: string;
  readonly project: string;
  /** Where the local files that parameters name are put. */
  readonly uploadsBucket: string;
  /** As of {@link FilePlace}. */
  readonly templateFolder: string;
  readonly folder: string;
}

/** A batch that is ready to be sent, or why there is none, one sentence each. */
export type TrialPlan =
  | {
      readonly kind: 'ready';
      readonly version: string;
      readonly parameters: Parameters;
      readonly batchId: string;
      readonly batch: BatchJson;
      readonly outputUri: string;
      /** Buckets that the template may read or write. */
      readonly buckets: readonly string[];
      /** Folder in the staging bucket in which the job files must lie. */
      readonly filesUri: string;
      /** Local files that the job reads, and where it looks for them. */
      readonly uploads: readonly TrialFile[];
    }
  | { readonly kind: 'refused'; readonly sentences: readonly string[] };

/** Plans the batch that Jobgate would send for one example of a template, by the same checks and in the same words. */
export function planTrial(
  template: Template,
  validator: Validator,
  request: TrialRequest & TrialPlace,
): TrialPlan {
  const { runtimeAccount, program } = template;
  if (runtimeAccount === null || program.kind === 'hive')
    return refuse([`${template.name} runs on a cluster; what is tried here runs as a batch.`]);
  const example = template.examples[request.example - 1];
  if (example === undefined) return refuse([describeExamples(template)]);
  const typed = toTypedParameters(template.parameters, request.words);
  if (typed.faults.length > 0) return refuse(typed.faults);
  const uploads = toUploadPlace(AUTHOR, { deployment: 'trial', bucket: request.uploadsBucket });
  const given = { example, typed: typed.values };
  const placed = placeFiles(template, given, { ...request, uploads });
  if (placed.faults.length > 0) return refuse(placed.faults);
  const check = checkParameters(template, validator, placed.parameters, uploads);
  if (check.kind === 'invalid')
    return refuse(check.errors.map(({ pointer, message }) => `${pointer} ${message}`));
  const plan = toPlan({ ...template, runtimeAccount }, check.parameters, request);
  return { ...plan, uploads: placed.files };
}

/** Who tries a template is nobody's caller. */
const AUTHOR = { issuer: 'trial', subject: 'author', actor: null };

function refuse(sentences: readonly string[]): TrialPlan {
  return { kind: 'refused', sentences };
}

function describeExamples({ name, examples }: Template): string {
  const count = examples.length === 1 ? 'one example' : `${examples.length} examples`;
  return `${name} has ${count}; --example takes a number from 1 to ${examples.length}.`;
}

type BatchTemplate = Template & { readonly runtimeAccount: string };

type ReadyPlan = Extract<TrialPlan, { readonly kind: 'ready' }>;

function toPlan(
  template: BatchTemplate,
  parameters: Parameters,
  place: TrialPlace,
): Omit<ReadyPlan, 'uploads'> {
  const submission = toSubmission(template, parameters, place);
  const { program, jobId } = submission;
  const uris = [...template.reads, ...template.writes, template.output];
  return {
    kind: 'ready',
    version: template.version,
    parameters,
    batchId: jobId,
    batch: toBatch(submission, {
      stagingBucket: place.stagingBucket,
      runtimeVersion: place.runtimeVersion,
      runtimeAccountEmail: `${template.runtimeAccount}@${place.project}.iam.gserviceaccount.com`,
    }),
    outputUri: program.outputUri,
    buckets: [...new Set(uris.map(toBucket))],
    filesUri: toFilesUri(template, place.stagingBucket),
  };
}

/** A trial is nobody's job: its id is drawn, and only the template names it. */
function toSubmission(template: Template, parameters: Parameters, place: TrialPlace): Submission {
  const drawn = randomUUID();
  const identity = { deployment: 'trial', ...AUTHOR };
  const jobId = deriveJobId({ ...identity, template: template.name, idempotencyKey: drawn });
  const { stagingBucket } = place;
  return {
    jobId,
    program: renderProgram(template, parameters, { stagingBucket, jobId, correlationId: drawn }),
    target: template.target,
    submitterAccount: template.submitter,
    runtimeAccount: template.runtimeAccount,
    maxRuntimeSeconds: template.limits.maxRuntimeSeconds,
    labels: { 'jg-template': template.name },
    deadline: new Date(0),
  };
}

function toBucket(uri: string): string {
  return uri.slice('gs://'.length).split('/')[0] ?? '';
}
