import { mkdirSync, rmSync } from 'node:fs';
import { type ApiServerOptions, makeApiServer } from './server/api-server.ts';
import { Batches } from './dataproc/batches.ts';
import type { GoogleConfiguration } from './configuration.ts';
import { makeDataprocImplementations } from './dataproc/implementations.ts';
import { FaultTable } from './api/faults.ts';
import { closeServer, listenOnLoopback } from './api/http-exchange.ts';
import { type ObjectStore, startObjectStore } from './storage/object-store.ts';
import { Operations } from './dataproc/operations.ts';
import { Permissions } from './identity/permissions.ts';
import { loadProtos } from './api/protos.ts';
import { RestServices } from './server/rest.ts';
import { Scheduler } from './spark/scheduler.ts';
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
  const scheduler = makeScheduler(configuration, run, store);
  const api = makeApiServer(makeApiOptions(configuration, services, scheduler));
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
      await Promise.all([closeServer(api), closeServer(front), scheduler.stop()]);
      await store.stop();
      rmSync(configuration.dataDirectory, { recursive: true, force: true });
    },
  };
}

function makeScheduler(
  configuration: GoogleConfiguration,
  run: string,
  store: ObjectStore,
): Scheduler {
  return new Scheduler({
    engine: makeSparkEngine({ configuration, storage: store.address, put: store.put, run }),
    maxConcurrentRuns: configuration.maxConcurrentRuns,
    now: () => new Date(),
    startTimer,
  });
}

function makeApiOptions(
  configuration: GoogleConfiguration,
  services: Services,
  scheduler: Scheduler,
): ApiServerOptions {
  const { permissions, tokens, faults } = services;
  const { workloadIdentity, awsSts } = configuration;
  const protos = loadProtos();
  const now = () => new Date();
  const batches = new Batches({ configuration, permissions, scheduler, now });
  const operations = new Operations({ root: protos.root, batches, scheduler, permissions });
  const implementations = makeDataprocImplementations({ batches, operations });
  return {
    rest: new RestServices({ protos, tokens, implementations }),
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
