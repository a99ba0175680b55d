import { buildJobsApp, type JobsApp } from '../../shared/app/jobs.ts';
import { buildGuard } from '../../shared/app/guard.ts';
import type { FunctionRuntime } from '../../shared/app/runtime.ts';
import { buildSweepApp, type SweepApp } from '../../shared/app/sweep-app.ts';
import { createLog } from '../../shared/log.ts';
import { assumeRole, readEnvironment } from './deployed-function.ts';
import { getStack } from './api.ts';

/** Builds the real adapters as a deployed function has them: its environment, its role, the stack's endpoints. */
export async function buildDeployedApp(
  functionName: string,
  overrides: Readonly<Record<string, string>> = {},
): Promise<JobsApp> {
  const runtime = await createRuntime(functionName, overrides);
  return buildJobsApp(runtime, buildGuard(runtime))();
}

/** As {@link buildDeployedApp}, for the sweep. */
export async function buildDeployedSweep(): Promise<SweepApp> {
  return buildSweepApp(await createRuntime('jobgate-local-sweep-jobs'))();
}

async function createRuntime(
  functionName: string,
  overrides: Readonly<Record<string, string>> = {},
): Promise<FunctionRuntime> {
  const now = (): Date => new Date();
  const writeLine = (): void => undefined;
  return {
    environment: { ...(await readDeployedEnvironment(functionName)), ...overrides },
    now,
    sleep: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
    writeLine,
    log: createLog({ writeLine, now }),
  };
}

/** The environment of a deployed function with its role's credentials, for a process on this machine. */
export async function readDeployedEnvironment(
  functionName: string,
): Promise<Readonly<Record<string, string>>> {
  return {
    ...(await readEnvironment(functionName)),
    ...(await assumeRole(functionName)),
    AWS_REGION: 'us-east-1',
    AWS_ENDPOINT_URL: getStack().aws,
  };
}

/** A deadline as a handler would set it. */
export function soon(): Date {
  return new Date(Date.now() + 20_000);
}
