import { randomBytes } from 'node:crypto';
import type { Progress } from '../setup/progress.mjs';
import { audience, createClients, toCredentials } from './clients.ts';
import { deploy, type DeployParameters } from './deploy.ts';
import { deployParameters } from './deploy-parameters.ts';
import { StackFailure } from './failure.ts';
import { waitForHealth } from './health.ts';
import { Processes } from './processes.ts';
import {
  checkIssuers,
  checkTargets,
  publishTemplates,
  startAws,
  startGoogle,
  startIdp,
  type Starting,
} from './servers.ts';
import { createRun, removeRun, type Run } from './runs.ts';
import type { Stack } from './stack-file.ts';
import { endLeftovers } from './sweep.ts';
import { readToolchain } from './toolchain.ts';
import { toLocalIssuer, type TrustedIssuer } from './trusted-issuers.ts';

/** How to bring a stack up. */
export interface StackOptions {
  readonly progress: Progress;
  /** Ends the start, and what was started, when it is aborted. */
  readonly signal?: AbortSignal;
  /** Lets tests make the local Google fail on request; off by default. */
  readonly faults?: boolean;
  /** Lets tests make the identity provider sign anything; off by default. */
  readonly testHooks?: boolean;
  /** Issuers that the API trusts beside the stack's own. */
  readonly issuers?: readonly TrustedIssuer[];
  /** Parameters of the production template for a test to set. */
  readonly parameters?: DeployParameters;
  /** Keeps the run's folder, logs included, after the stop. */
  readonly keep?: boolean;
}

/** A stack that is up. */
export interface RunningStack {
  readonly stack: Stack;
  readonly run: Run;
  /** Every issuer that the API trusts, the stack's own first. */
  readonly issuers: readonly TrustedIssuer[];
  /** Rejects with one sentence when a server ends that was not told to. */
  readonly failure: Promise<never>;
  /** Ends everything in order and removes the run's folder. */
  readonly stop: (onStep?: (name: string) => void) => Promise<void>;
}

/**
 * Brings the local stack up: the AWS emulator, the local Google and the identity provider, the
 * templates' files, and the production template deployed to the emulator. Each start is a run of
 * its own, so two stacks do not meet.
 * @throws StackFailure with the last lines of the log that explains it; nothing is left running.
 */
export async function startStack(options: StackOptions): Promise<RunningStack> {
  const toolchain = readToolchain();
  const run = createRun();
  const processes = new Processes(run);
  const stop = async (onStep?: (name: string) => void) => {
    await processes.stop(onStep);
    await endLeftovers(run);
    if (options.keep !== true) removeRun(run);
  };
  try {
    const starting = bringUp({ run, processes, toolchain, ...options });
    const up = await Promise.race([starting, processes.failure, whenAborted(options.signal)]);
    return { ...up, run, failure: processes.failure, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function bringUp(
  starting: Starting & Pick<StackOptions, 'issuers' | 'parameters'>,
): Promise<Pick<RunningStack, 'stack' | 'issuers'>> {
  const { processes, progress, signal, toolchain } = starting;
  const clients = createClients();
  const publishToken = randomBytes(24).toString('base64url');
  const aws = await show(progress, 'local AWS', () => startAws(starting));
  const [google, idp] = await show(progress, 'local Google and identity provider', () =>
    Promise.all([startGoogle(starting, aws, publishToken), startIdp(starting, clients)]),
  );
  const issuers = [toLocalIssuer(idp), ...(starting.issuers ?? [])];
  if (issuers.length > 1) await checkIssuers(starting, issuers);
  await checkTargets(starting);
  await show(progress, 'template files', () =>
    publishTemplates(starting, google.storage, publishToken),
  );
  const parameters = { ...deployParameters(aws, google, issuers), ...starting.parameters };
  const base = await show(progress, 'serverless deploy', () =>
    deploy({ ...starting, node: toolchain.node, aws, parameters }),
  );
  const api = `${base}/v1`;
  await show(progress, 'first answer of the API', () => waitForHealth(api, signal));
  const { issuer, tokenEndpoint } = idp;
  const { dataproc, storage } = google;
  const credentials = toCredentials(clients);
  const addresses = { api, issuer, audience, tokenEndpoint, dataproc, storage, aws };
  return { stack: { ...addresses, clients: credentials, pids: processes.pids }, issuers };
}

async function show<T>(progress: Progress, name: string, work: () => Promise<T>): Promise<T> {
  const shown = progress.begin(name, 'starting');
  try {
    const result = await work();
    shown.done('ready');
    return result;
  } catch (error) {
    shown.cancel();
    throw error;
  }
}

function whenAborted(signal: AbortSignal | undefined): Promise<never> {
  return new Promise((_, reject) => {
    const onAbort = () => {
      reject(new StackFailure('The start was interrupted.', [], { cause: signal?.reason }));
    };
    if (signal?.aborted === true) onAbort();
    signal?.addEventListener('abort', onAbort, { once: true });
  });
}
