import { randomBytes } from 'node:crypto';
import { buildGuard } from '../shared/app/guard.ts';
import { buildJobsApp } from '../shared/app/jobs.ts';
import { createRuntime } from '../shared/app/runtime.ts';
import { serveUpload } from '../shared/app/upload.ts';
import { createEndpoint } from '../shared/http/endpoint.ts';
import { VALIDATORS as BODY_VALIDATORS } from '../shared/http/generated/validators.js';
import { CATALOG } from '../shared/templates/generated/catalog.ts';

const runtime = createRuntime();
const guard = buildGuard(runtime);
const app = {
  jobs: buildJobsApp(runtime, guard),
  catalog: CATALOG,
  bodyValidator: BODY_VALIDATORS['create-upload'],
  now: runtime.now,
  randomBytes,
};

/** Gives a link that puts one file into the caller's own area, once, for at most 5 minutes. */
export const handler = createEndpoint(
  { operation: 'create-upload', guard, ...runtime },
  async (invocation) => ({ status: 201, body: await serveUpload(invocation, app) }),
);
