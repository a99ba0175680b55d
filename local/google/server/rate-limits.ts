import { ApiError } from '../api/api-error.ts';
import type { RpcMethod } from '../api/protos.ts';
import type { GoogleConfiguration, Quotas } from '../configuration.ts';

const windowMs = 60_000;
const service = 'dataproc.googleapis.com';

/**
 * The metric of each kind of request. The limits are named as on Google's page of quotas; the names
 * of the metrics are inferred from them.
 * Source: https://docs.cloud.google.com/dataproc/quotas
 */
const metrics = {
  jobOperation: { limit: 'JobOperation', metric: 'job_operation_requests' },
  getJob: { limit: 'GetJob', metric: 'get_job_requests' },
  workflowOperation: { limit: 'WorkflowOperation', metric: 'workflow_operation_requests' },
  other: { limit: 'Default', metric: 'default_requests' },
} as const satisfies Record<keyof Quotas, { readonly limit: string; readonly metric: string }>;

/** SubmitJobAsOperation is not on the page; it submits a job, so it counts as SubmitJob does. */
const kinds: Readonly<Record<string, keyof Quotas>> = {
  SubmitJob: 'jobOperation',
  SubmitJobAsOperation: 'jobOperation',
  UpdateJob: 'jobOperation',
  CancelJob: 'jobOperation',
  DeleteJob: 'jobOperation',
  GetJob: 'getJob',
  CreateWorkflowTemplate: 'workflowOperation',
  UpdateWorkflowTemplate: 'workflowOperation',
  DeleteWorkflowTemplate: 'workflowOperation',
  InstantiateWorkflowTemplate: 'workflowOperation',
  InstantiateInlineWorkflowTemplate: 'workflowOperation',
};

/** The services whose requests count. */
const counted = /^google\.(?:cloud\.dataproc\.v1|longrunning)\./;

/** What of the configuration the quotas need. */
type RateLimitsOptions = Pick<GoogleConfiguration, 'quotas' | 'projectNumber' | 'region'>;

/** Dataproc's quotas of requests, which Google counts for each minute anew. */
export class RateLimits {
  readonly #configuration: RateLimitsOptions;
  readonly #now: () => Date;
  readonly #counts = new Map<keyof Quotas, number>();
  #window = 0;

  constructor(configuration: RateLimitsOptions, now: () => Date) {
    this.#configuration = configuration;
    this.#now = now;
  }

  /** Counts one request that is let in. @throws ApiError RESOURCE_EXHAUSTED */
  admit(method: RpcMethod): void {
    const { quotas } = this.#configuration;
    if (quotas === null || !counted.test(`${method.service}.`)) return;
    const kind = kinds[method.name] ?? 'other';
    this.#turnWindow();
    const count = this.#counts.get(kind) ?? 0;
    if (count >= quotas[kind]) throw this.#exceeded(kind, quotas[kind]);
    this.#counts.set(kind, count + 1);
  }

  #turnWindow(): void {
    const window = Math.floor(this.#now().getTime() / windowMs);
    if (window !== this.#window) this.#counts.clear();
    this.#window = window;
  }

  /**
   * Source of the detail: RATE_LIMIT_EXCEEDED in
   * https://github.com/googleapis/googleapis/blob/master/google/api/error_reason.proto; of the
   * message: https://github.com/GoogleCloudPlatform/marketing-analytics-jumpstart/issues/163
   */
  #exceeded(kind: keyof Quotas, value: number): ApiError {
    const { projectNumber, region } = this.#configuration;
    const { limit, metric } = metrics[kind];
    const message =
      `Quota exceeded for quota metric '${limit} requests' and limit '${limit} requests per ` +
      `minute per region' of service '${service}' for consumer 'project_number:${projectNumber}'.`;
    return new ApiError('RESOURCE_EXHAUSTED', message, [
      {
        '@type': 'type.googleapis.com/google.rpc.ErrorInfo',
        reason: 'RATE_LIMIT_EXCEEDED',
        domain: 'googleapis.com',
        metadata: {
          service,
          consumer: `projects/${projectNumber}`,
          quota_metric: `${service}/${metric}`,
          quota_limit: `${limit}RequestsPerMinutePerProjectPerRegion`,
          quota_limit_value: `${value}`,
          quota_location: region,
        },
      },
    ]);
  }
}
