import type { AuditRecord } from '../../shared/policy/audit-record.ts';
import type { Guard } from '../../shared/policy/guard.ts';
import { createGuardRecorder } from './guards.ts';
import type { JobsApp } from '../../shared/app/jobs.ts';
import { servePlan } from '../../shared/app/plan.ts';
import { serveSubmit } from '../../shared/app/submit.ts';
import { toSubmitAnswer } from '../../shared/app/submit-answer.ts';
import type { SubmitApp } from '../../shared/app/submit-app.ts';
import type { TargetConfig } from '../../shared/config/targets.ts';
import { ANALYTICS, UPLOADS } from './targets.ts';
import { createEndpoint, type ProxyHandler } from '../../shared/http/endpoint.ts';
import type { Validator } from '../../shared/templates/parameters.ts';
import type { Template } from '../../shared/templates/template.ts';
import { createClock, type FakeClock } from './clock.ts';
import { CORE_ENVIRONMENT } from './environment.ts';
import { createLogRecorder, type LogRecorder } from './log-lines.ts';
import { createMemoryGateway, type MemoryGateway } from './memory-gateway.ts';
import { createMemoryRecords, type MemoryRecords } from './memory-records.ts';
import { createMemoryStorage } from './memory-storage.ts';
import { compileValidator, TIDY, TIDY_PARAMETERS } from './templates.ts';
import submitSchema from '../../shared/http/schemas/submit-job.schema.json' with { type: 'json' };

const BODY_VALIDATOR = compileValidator(submitSchema);
const VALIDATORS = new WeakMap<object, Validator>([
  [TIDY_PARAMETERS, compileValidator(TIDY_PARAMETERS)],
]);

function toValidator({ parameters }: Template): Validator {
  const validator = VALIDATORS.get(parameters) ?? compileValidator(parameters);
  VALIDATORS.set(parameters, validator);
  return validator;
}

/** submit-job over memory: the handler, and what it left behind. */
export interface SubmitBench {
  readonly handler: ProxyHandler;
  /** create-plan over the same memory. */
  readonly planHandler: ProxyHandler;
  readonly clock: FakeClock;
  readonly gateway: MemoryGateway;
  readonly records: MemoryRecords;
  readonly recorder: LogRecorder;
  readonly audited: readonly AuditRecord[];
  /** Makes the audit take nothing from now on, or take everything again. */
  readonly setAuditDown: (down: boolean) => void;
}

/** Makes the handler of submit-job for a catalog and the target of every template; without `admitJob` no switch pauses a job. */
export function createSubmitBench(
  catalog: readonly Template[] = [TIDY],
  admitJob?: Guard['admitJob'],
  target: TargetConfig = ANALYTICS,
): SubmitBench {
  const gateway = createMemoryGateway();
  const records = createMemoryRecords();
  const storage = createMemoryStorage();
  const recorder = createLogRecorder();
  const clock = createClock();
  const { now } = clock;
  const { guard, records: audited, setDown: setAuditDown } = createGuardRecorder();
  const jobs: JobsApp = {
    config: {
      stage: 'test',
      version: '0.1.0',
      publicUrl: 'https://api.example',
      deployment: 'jobgate-prod',
      region: 'eu-west-1',
      table: 'jobs',
      targets: new Map([['analytics', ANALYTICS]]),
      workloadIdentityProvider: '//iam.googleapis.com/provider',
      endpoints: { dataproc: null, storage: '', sts: '', iamCredentials: '', aws: null },
      uploads: UPLOADS,
    },
    records,
    gateway,
    storage,
    browse: {
      deployment: 'jobgate-prod',
      records,
      record: guard.record,
      gateway,
      storage,
      now,
      readerOf: () => 'jg-read',
      accessOf: (_target, deadline) => ({ account: 'reader', deadline }),
    },
    cancel: {
      deployment: 'jobgate-prod',
      records,
      record: guard.record,
      gateway,
      now,
      operatorOf: () => 'jg-operate',
    },
    getTarget: () => target,
    toAccess: (_target, role, deadline) => ({ account: role, deadline }),
  };
  const app: SubmitApp = {
    jobs: () => jobs,
    catalog,
    bodyValidator: BODY_VALIDATOR,
    parameterValidators: Object.fromEntries(
      catalog.map((template) => [template.name, toValidator(template)]),
    ),
    admitJob: admitJob ?? guard.admitJob,
    now,
  };
  const environment = CORE_ENVIRONMENT;
  const options = { operation: 'submit-job', environment, log: recorder.log, now, guard } as const;
  const handler = createEndpoint(options, async (invocation) => {
    const { caller } = invocation;
    const { publicUrl } = jobs.config;
    const submitted = await serveSubmit(invocation, app);
    return toSubmitAnswer(submitted, { caller, catalog, publicUrl, now: now() });
  });
  const planHandler = createEndpoint(
    { ...options, operation: 'create-plan' },
    async (invocation) => ({ status: 200, body: await servePlan(invocation, app) }),
  );
  return { handler, planHandler, clock, gateway, records, recorder, audited, setAuditDown };
}
