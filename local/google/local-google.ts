import { mkdirSync, rmSync } from 'node:fs';
import { type ApiServerOptions, makeApiServer } from './api/api-server.ts';
import { BatchLifecycle } from './spark/scheduler.ts';
import type { Batch } from './dataproc/batch.ts';
import { Batches } from './dataproc/batches.ts';
import type { GoogleConfiguration } from './configuration.ts';
import { Dataproc } from './dataproc/dataproc.ts';
import { FaultTable } from './api/faults.ts';
import { closeServer, listenOnLoopback } from './api/http-exchange.ts';
import { type ObjectStore, startObjectStore } from './storage/object-store.ts';
import { Operations } from './dataproc/operations.ts';
import { Permissions } from './identity/permissions.ts';
import { loadProtos } from './api/protos.ts';
import { SigningKeys } from './identity/signing-keys.ts';
import { makeSparkEngine } from './spark/spark-engine.ts';
import { makeStorageFront } from './storage/storage-front.ts';
import { StoredObjects } from './storage/stored-objects.ts';
import { TokenStore } from './identity/tokens.ts';

/** The local Google at work. */
export interface LocalGoogle {
  /** Address of Dataproc, STS and IAM Credentials. */
  readonly google: string;
  /** Address of Cloud Storage. */
  readonly storage: string;
  /** Resolves with a sentence if a part ends without having been told to. */
  readonly died: Promise<string>;
  /** Ends everything that was started, drivers included. */
  readonly stop: () => Promise<void>;
}

/**
 * Starts Dataproc, STS, IAM Credentials and Cloud Storage. `run` marks the environment of every
 * process that is started.
 */
export async function startLocalGoogle(
  configuration: GoogleConfiguration,
  run: string,
): Promise<LocalGoogle> {
  mkdirSync(configuration.dataDirectory, { recursive: true });
  const store = await startObjectStore(configuration);
  try {
    return await startServices(configuration, run, store);
  } catch (error) {
    await store.stop();
    throw error;
  }
}

async function startServices(
  configuration: GoogleConfiguration,
  run: string,
  store: ObjectStore,
): Promise<LocalGoogle> {
  const services = makeServices(configuration);
  const lifecycle = makeLifecycle(configuration, run, store);
  const api = makeApiServer(makeApiOptions(configuration, services, lifecycle));
  const front = makeStorageFront({
    ...services,
    objects: new StoredObjects(store.address),
    now: () => new Date(),
    storeAddress: store.address,
  });
  return {
    google: await listenOnLoopback(api),
    storage: await listenOnLoopback(front),
    died: store.died,
    stop: async () => {
      await Promise.all([closeServer(api), closeServer(front), lifecycle.stop()]);
      await store.stop();
      rmSync(configuration.dataDirectory, { recursive: true, force: true });
    },
  };
}

function makeLifecycle(
  configuration: GoogleConfiguration,
  run: string,
  store: ObjectStore,
): BatchLifecycle {
  return new BatchLifecycle({
    engine: makeSparkEngine({ configuration, storage: store.address, put: store.put, run }),
    maxConcurrentBatches: configuration.maxConcurrentBatches,
    now: () => new Date(),
    startTimer,
    describeFailure: (batch, reason) => describeBatchFailure(batch, reason, configuration),
  });
}

function makeApiOptions(
  configuration: GoogleConfiguration,
  services: Services,
  lifecycle: BatchLifecycle,
): ApiServerOptions {
  const { permissions, tokens, faults } = services;
  const { workloadIdentity, awsSts } = configuration;
  const protos = loadProtos();
  const now = () => new Date();
  const batches = new Batches({ configuration, permissions, lifecycle, now });
  const operations = new Operations({ root: protos.root, batches, lifecycle, permissions });
  return {
    dataproc: new Dataproc({ protos, tokens, batches, operations }),
    sts: { workloadIdentity, awsSts, permissions, tokens },
    iamCredentials: services,
    faults,
    faultRoutes: configuration.faults,
  };
}

interface Services {
  readonly permissions: Permissions;
  readonly tokens: TokenStore;
  readonly keys: SigningKeys;
  readonly faults: FaultTable;
}

function makeServices(configuration: GoogleConfiguration): Services {
  const tokens = new TokenStore();
  for (const [token, email] of Object.entries(configuration.staticTokens))
    tokens.addStatic(token, email);
  const keys = new SigningKeys();
  for (const [email, account] of Object.entries(configuration.accounts))
    if (account.sign) void keys.prepare(email);
  return { permissions: new Permissions(configuration), tokens, keys, faults: new FaultTable() };
}

function startTimer(afterSeconds: number, callback: () => void): () => void {
  const timer = setTimeout(callback, afterSeconds * 1000);
  timer.unref();
  return () => {
    clearTimeout(timer);
  };
}

/**
 * Makes the stateMessage of a failed batch. Its form is that of real ones that people quote in public;
 * clients find the reason between the brackets.
 */
function describeBatchFailure(
  batch: Batch,
  reason: string,
  { project, region }: GoogleConfiguration,
): string {
  const { batchId } = batch.request;
  const console = 'https://console.cloud.google.com';
  const folder = batch.outputUri.replace(/^gs:\/\//, '').replace(/[^/]*$/, '');
  return [
    `Job failed with message [${reason}]. Additional details can be found at:`,
    `${console}/dataproc/batches/${region}/${batchId}?project=${project}`,
    `gcloud dataproc batches wait '${batchId}' --region '${region}' --project '${project}'`,
    `${console}/storage/browser/${folder}`,
    `${batch.outputUri}.*`,
  ].join('\n');
}
