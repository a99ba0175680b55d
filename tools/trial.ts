import { randomUUID } from 'node:crypto';
import { requireCaps } from '../shared/app/submit-caps.ts';
import type { CappedRun } from '../shared/cost/estimate.ts';
import { toBatch, type BatchJson } from '../shared/dataproc/batch.ts';
import { fingerprint } from '../shared/jobs/canonical-json.ts';
import { deriveJobId } from '../shared/jobs/job.ts';
import { toUpstreamLabels } from '../shared/jobs/labels.ts';
import type { Submission } from '../shared/jobs/ports.ts';
import { renderBounded } from '../shared/jobs/submission.ts';
import { toUploadPlace } from '../shared/jobs/uploads.ts';
import { Problem } from '../shared/problem.ts';
import {
  checkParameters,
  type Parameters,
  type Validator,
} from '../shared/templates/parameters.ts';
import { toFilesUri } from '../shared/templates/render.ts';
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
  /** Whose prices a run has. */
  readonly region: string;
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
      /** What the run costs at least and at most, as a submission without caps of its own is told. */
      readonly cost: { readonly low: string; readonly high: string; readonly currency: string };
      /** Seconds after which it is ended. */
      readonly maxRuntimeSeconds: number;
      /** Buckets that the template may read or write. */
      readonly buckets: readonly string[];
      /** Folder in the staging bucket in which the job files must lie. */
      readonly filesUri: string;
      /** Local files that the job reads, and where it looks for them. */
      readonly uploads: readonly TrialFile[];
    }
  | { readonly kind: 'refused'; readonly sentences: readonly string[] };

/**
 * Plans the batch that Jobgate would send for one example of a template, by the same checks, caps and labels and in the
 * same words. Its caller is nobody's: the limits are the template's own, not a rule's.
 */
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
  const uploads = toUploadPlace(AUTHOR, { deployment: DEPLOYMENT, bucket: request.uploadsBucket });
  const given = { example, typed: typed.values };
  const placed = placeFiles(template, given, { ...request, uploads });
  if (placed.faults.length > 0) return refuse(placed.faults);
  const check = checkParameters(template, validator, placed.parameters, uploads);
  if (check.kind === 'invalid')
    return refuse(check.errors.map(({ pointer, message }) => `${pointer} ${message}`));
  const batch = { ...template, runtimeAccount };
  const capped = findCaps(batch, request);
  if (typeof capped === 'string') return refuse([capped]);
  const plan = toPlan({ template: batch, parameters: check.parameters, capped }, request);
  return { ...plan, uploads: placed.files };
}

/** The caps of a submission that asks for none, or why there can be none. */
function findCaps(template: BatchTemplate, { region }: TrialPlace): CappedRun | string {
  const { limits } = template;
  try {
    return requireCaps({ body: NO_CAPS, template, limits }, { kind: 'batch', region });
  } catch (error) {
    if (error instanceof Problem) return error.detail;
    throw error;
  }
}

const NO_CAPS = { maxCost: undefined, maxRuntimeSeconds: undefined };

/** Who tries a template is nobody's caller. */
const AUTHOR = { issuer: 'trial', subject: 'author', actor: null };
const SUBMITTER = { ...AUTHOR, client: 'trial' };
const DEPLOYMENT = 'trial';

function refuse(sentences: readonly string[]): TrialPlan {
  return { kind: 'refused', sentences };
}

function describeExamples({ name, examples }: Template): string {
  const count = examples.length === 1 ? 'one example' : `${examples.length} examples`;
  return `${name} has ${count}; --example takes a number from 1 to ${examples.length}.`;
}

type BatchTemplate = Template & { readonly runtimeAccount: string };

type ReadyPlan = Extract<TrialPlan, { readonly kind: 'ready' }>;

/** A trial that passed every check. */
interface CheckedTrial {
  readonly template: BatchTemplate;
  readonly parameters: Parameters;
  readonly capped: CappedRun;
}

function toPlan(trial: CheckedTrial, place: TrialPlace): Omit<ReadyPlan, 'uploads'> {
  const { template, parameters, capped } = trial;
  const submission = toSubmission(trial, place);
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
    cost: toPrice(capped),
    maxRuntimeSeconds: capped.maxRuntimeSeconds,
    buckets: [...new Set(uris.map(toBucket))],
    filesUri: toFilesUri(template, place.stagingBucket),
  };
}

function toPrice({ cost }: CappedRun): ReadyPlan['cost'] {
  if (cost === null) throw new Error('a batch has no price');
  const { low, high, currency } = cost;
  return { low, high, currency };
}

/** A trial is nobody's job: its id, which is its correlation id too, is drawn. */
function toSubmission(
  { template, parameters, capped }: CheckedTrial,
  { stagingBucket }: TrialPlace,
): Submission {
  const correlationId = randomUUID();
  const { name, version: templateVersion } = template;
  const identity = { deployment: DEPLOYMENT, ...AUTHOR };
  const jobId = deriveJobId({ ...identity, template: name, idempotencyKey: correlationId });
  const place = { kind: 'batch', stagingBucket, jobId, correlationId };
  const request = fingerprint({ template: name, parameters });
  const named = { submittedBy: SUBMITTER, template: name, templateVersion, correlationId };
  return {
    jobId,
    program: renderBounded(template, parameters, place),
    target: template.target,
    submitterAccount: template.submitter,
    runtimeAccount: template.runtimeAccount,
    maxRuntimeSeconds: capped.maxRuntimeSeconds,
    labels: toUpstreamLabels({ ...named, fingerprint: request }, DEPLOYMENT),
    deadline: new Date(0),
  };
}

function toBucket(uri: string): string {
  return uri.slice('gs://'.length).split('/')[0] ?? '';
}
