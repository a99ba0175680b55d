import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import { createSecureContext, type SecureContext } from 'node:tls';
import { makeApiServer } from './server/api-server.ts';
import type { GoogleConfiguration } from './configuration.ts';
import { makeDataprocImplementations } from './dataproc/dataproc.ts';
import { FaultTable } from './api/faults.ts';
import { closeServer, listenOnLoopback } from './api/http-exchange.ts';
import { type ObjectStore, startObjectStore } from './storage/object-store.ts';
import { Permissions } from './identity/permissions.ts';
import { loadProtos, type Protos } from './api/protos.ts';
import type { Implementations } from './identity/implementation.ts';
import { makeGrpcSpeaker } from './server/grpc.ts';
import { findIdentityCall } from './server/identity-calls.ts';
import { OnePort } from './server/one-port.ts';
import { RateLimits } from './server/rate-limits.ts';
import { RequestLog } from './server/request-log.ts';
import { RestServices } from './server/rest.ts';
import { RpcDispatcher } from './server/rpc.ts';
import { Scheduler } from './spark/scheduler.ts';
import { openShelf } from './state/shelf.ts';
import {
  loadSecretManagerProtos,
  makeSecretManagerImplementations,
} from './secrets/implementations.ts';
import { SigningKeys } from './identity/signing-keys.ts';
import { makeSparkEngine, type SparkEngine } from './spark/spark-engine.ts';
import { makeStorageFront } from './storage/storage-front.ts';
import { ResumableUploads } from './storage/resumable-uploads.ts';
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
  const engine = makeSparkEngine({ configuration, storage: store.address, put: store.put, run });
  const scheduler = makeScheduler(configuration, engine);
  const stopped = Promise.withResolvers<string>();
  const api = makeApi(configuration, { services, scheduler, stop: stopped.resolve });
  const objects = new StoredObjects(store.address);
  const front = makeStorageFront({
    ...services,
    objects,
    uploads: new ResumableUploads(objects),
    now,
    storeAddress: store.address,
  });
  await engine.endOrphans();
  return {
    google: await api.listen(configuration.ports.google),
    storage: await listenOnLoopback(front, configuration.ports.storage),
    died: Promise.race([store.died, stopped.promise]),
    stop: async () => {
      await Promise.all([api.close(), closeServer(front), scheduler.stop()]);
      await store.stop();
      rmSync(configuration.dataDirectory, { recursive: true, force: true });
    },
  };
}

function makeScheduler({ maxConcurrentRuns }: GoogleConfiguration, engine: SparkEngine): Scheduler {
  return new Scheduler({
    engine,
    maxConcurrentRuns,
    now,
    startTimer,
  });
}

interface ApiParts {
  readonly services: Services;
  readonly scheduler: Scheduler;
  readonly stop: (sentence: string) => void;
}

function makeApi(configuration: GoogleConfiguration, parts: ApiParts): OnePort {
  const { permissions, tokens, faults } = parts.services;
  const { workloadIdentity, awsSts } = configuration;
  const sts = { workloadIdentity, awsSts, permissions, tokens };
  const products = [makeDataproc(configuration, parts), makeSecretManager(configuration, parts)];
  const protos = products.map((product) => product.protos);
  const log = configuration.faults ? new RequestLog() : undefined;
  const dispatcher = new RpcDispatcher({
    implementations: Object.fromEntries(
      products.flatMap((product) => Object.entries(product.implementations)),
    ),
    rateLimits: new RateLimits(configuration, now),
    ...{ tokens, faults, log, now },
  });
  const http = makeApiServer({
    rest: new RestServices({ protos, dispatcher }),
    findCall: (request) => findIdentityCall(request, { sts, iamCredentials: parts.services }),
    faults,
    local: log === undefined ? undefined : { faults, log, stop: parts.stop },
  });
  const tls = readTls(configuration);
  return new OnePort(http, makeGrpcSpeaker({ protos, dispatcher }), { tls });
}

function readTls({ tls }: GoogleConfiguration): SecureContext | undefined {
  if (tls === null) return undefined;
  return createSecureContext({
    cert: readFileSync(tls.certificate),
    key: readFileSync(tls.key),
    minVersion: 'TLSv1.2',
  });
}

/** One of Google's products: what its RPCs are, and what they do. */
interface Product {
  readonly protos: Protos;
  readonly implementations: Implementations;
}

function makeDataproc(
  configuration: GoogleConfiguration,
  { services: { permissions }, scheduler }: ApiParts,
): Product {
  const protos = loadProtos();
  const { root } = protos;
  const implementations = makeDataprocImplementations({
    ...{ configuration, permissions, scheduler, root, now },
  });
  return { protos, implementations };
}

function makeSecretManager(
  configuration: GoogleConfiguration,
  { services: { permissions } }: ApiParts,
): Product {
  const implementations = makeSecretManagerImplementations({ configuration, permissions, now });
  return { protos: loadSecretManagerProtos(), implementations };
}

interface Services {
  readonly permissions: Permissions;
  readonly tokens: TokenStore;
  readonly keys: SigningKeys;
  readonly faults: FaultTable;
}

function makeServices(configuration: GoogleConfiguration): Services {
  const { checkCredentials, stateDirectory } = configuration;
  const shelf = openShelf(stateDirectory, 'tokens');
  const tokens = new TokenStore(Date.now, { checkCredentials, shelf });
  for (const [token, email] of Object.entries(configuration.staticTokens))
    tokens.addStatic(token, email);
  const keys = new SigningKeys(openShelf(stateDirectory, 'keys'));
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

function now(): Date {
  return new Date();
}
