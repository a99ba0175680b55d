import { buildGuard } from '../../shared/app/guard.ts';
import type { JobsApp } from '../../shared/app/jobs.ts';
import { serveSubmit } from '../../shared/app/submit.ts';
import { createEndpoint } from '../../shared/http/endpoint.ts';
import { VALIDATORS as BODY_VALIDATORS } from '../../shared/http/generated/validators.js';
import type { Caller } from '../../shared/identity/caller.ts';
import { toJobView } from '../../shared/jobs/view.ts';
import { createLog } from '../../shared/log.ts';
import { getTemplate } from '../../shared/templates/catalog.ts';
import { CATALOG } from '../../shared/templates/generated/catalog.ts';
import { VALIDATORS } from '../../shared/templates/generated/validators.js';
import type { Template } from '../../shared/templates/template.ts';
import { getStack } from './api.ts';
import { ANALYST } from './callers.ts';
import { buildDeployedApp, readDeployedEnvironment } from './deployed-app.ts';
import { CONTEXT, makeProxyEvent } from './proxy-events.ts';

/** Where the stack's targets beside the shipped templates' own run a job, and which accounts there are for that. */
const PLACES = {
  cluster: { target: 'shared', submitter: 'jg-submit-on-cluster', runtimeAccount: null },
  workflow: {
    target: 'ephemeral',
    submitter: 'jg-submit-on-workflow',
    runtimeAccount: 'jg-run-on-workflow',
  },
} as const;

/** An answer of submit-job. */
export interface Submitted {
  readonly status: number;
  readonly body: Readonly<Record<string, unknown>>;
}

/**
 * Submits a job of a shipped template on another target than its own, as the stack's analyst: submit-job's code in this
 * process, with the environment and role of its deployed twin. Everything else about the job goes through the API.
 */
export async function submitElsewhere(
  kind: keyof typeof PLACES,
  body: { readonly template: string; readonly parameters: unknown },
  idempotencyKey: string,
): Promise<Submitted> {
  const name = 'jobgate-local-submit-job';
  const jobs = await buildDeployedApp(name);
  const template: Template = { ...getTemplate(CATALOG, body.template), ...PLACES[kind] };
  const handler = await createHandler(name, jobs, template);
  const { issuer } = getStack();
  const expiresAt = new Date(Date.now() + 600_000);
  const caller: Caller = { ...ANALYST, issuer, subject: 'analyst', client: 'analyst', expiresAt };
  const headers = { 'content-type': 'application/json', 'idempotency-key': idempotencyKey };
  const event = makeProxyEvent({ caller, headers, body: JSON.stringify(body) });
  const result = await handler(event, CONTEXT);
  return { status: result.statusCode, body: JSON.parse(result.body) as Submitted['body'] };
}

async function createHandler(
  name: string,
  jobs: JobsApp,
  template: Template,
): Promise<ReturnType<typeof createEndpoint>> {
  const now = (): Date => new Date();
  const log = createLog({ writeLine: () => undefined, now });
  const environment = await readDeployedEnvironment(name);
  const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
  const guard = buildGuard({ environment, now, sleep, log });
  const app = {
    jobs: () => jobs,
    catalog: [template],
    bodyValidator: BODY_VALIDATORS['submit-job'],
    parameterValidators: VALIDATORS,
    admitJob: guard.admitJob,
    now,
  };
  return createEndpoint({ operation: 'submit-job', environment, log, now, guard }, async (call) => {
    const { record, replayed } = await serveSubmit(call, app);
    const { publicUrl } = jobs.config;
    return {
      status: replayed ? 200 : 202,
      body: toJobView(record, { publicUrl, mayReadData: true }),
    };
  });
}
