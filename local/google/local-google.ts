import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import { createSecureContext, type SecureContext } from 'node:tls';
import { makeApiServer } from './server/api-server.ts';
import { Clock } from './clock.ts';
import type { GoogleConfiguration } from './configuration.ts';
import { openDataproc } from './dataproc/dataproc.ts';
import { FaultTable } from './api/faults.ts';
import { closeServer, listenOnLoopback } from './api/http-exchange.ts';
import { startObjectStore } from './storage/object-store.ts';
import { Permissions } from './identity/permissions.ts';
import { loadProtos, type Protos } from './api/protos.ts';
import type { Implementations } from './identity/implementation.ts';
import { makeGrpcSpeaker } from './server/grpc.ts';
import { findIdentityCall, identityMethods } from './server/identity-calls.ts';
import { OnePort } from './server/one-port.ts';
import { RateLimits } from './server/rate-limits.ts';
import { RequestLog } from './server/request-log.ts';
import { RestServices } from './server/rest.ts';
import { RpcDispatcher } from './server/rpc.ts';
import { Scheduler } from './spark/scheduler.ts';
import { lockState } from './state/lock.ts';
import { openShelf } from './state/shelf.ts';
import {
  loadSecretManagerProtos,
  makeSecretManagerImplementations,
} from './secrets/implementations.ts';
import { SigningKeys } from './identity/signing-keys.ts';
import { makeSparkEngine, type SparkEngine } from './spark/spark-engine.ts';
import { storageMethods } from './storage/storage-answer.ts';
import { makeStorageFront } from './storage/storage-front.ts';
import { ResumableUploads } from './storage/resumable-uploads.ts';
import { StoredObjects } from './storage/stored-objects.ts';
import { TokenStore } from './identity/tokens.ts';

/** The local Google at work. */
interface LocalGoogle {
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
 * Starts Dataproc, STS, IAM Credentials and Cloud Storage, or nothing at all when a part of it does
 * not start. `run` marks the environment of every process that is started.
 */
export async function startLocalGoogle(
  configuration: GoogleConfiguration,
  run: string,
): Promise<LocalGoogle> {
  const started = new Started();
  try {
    return await startServices(configuration, run, started);
  } catch (error) {
    await started.stop();
    throw error;
  }
}

/** What was started, to be ended in the opposite order. */
class Started {
  readonly #ends: (() => unknown)[] = [];

  /** Adds how a part ends. */
  add(end: () => unknown): void {
    this.#ends.push(end);
  }

  /** Ends every part, whether or not another one fails to end. */
  async stop(): Promise<void> {
    const end = this.#ends.pop();
    if (end === undefined) return;
    try {
      await end();
    } finally {
      await this.stop();
    }
  }
}

async function startServices(
  configuration: GoogleConfiguration,
  run: string,
  started: Started,
): Promise<LocalGoogle> {
  started.add(lockState(configuration.stateDirectory));
  mkdirSync(configuration.dataDirectory, { recursive: true });
  started.add(() => {
    rmSync(configuration.dataDirectory, { recursive: true, force: true });
  });
  const store = await startObjectStore(configuration);
  started.add(() => store.stop());
  const services = makeServices(configuration);
  const objects = new StoredObjects(store.address);
  const uploads = new ResumableUploads(objects, { now });
  const { address: storeAddress, put, removeAll } = store;
  const front = makeStorageFront({ ...services, objects, uploads, now, storeAddress });
  started.add(() => closeServer(front));
  const engine = makeSparkEngine({ configuration, storage: storeAddress, put, removeAll, run });
  const scheduler = makeScheduler(configuration, engine, services.clock);
  started.add(() => scheduler.stop());
  const stopped = Promise.withResolvers<string>();
  const parts = { services, scheduler, stop: stopped.resolve };
  const { api, goOn } = makeApi(configuration, parts);
  started.add(() => api.close());
  const storage = await listenOnLoopback(front, configuration.ports.storage);
  const google = await api.listen(configuration.ports.google);
  // A start that fails has touched no driver; in this turn, no request has come yet.
  goOn();
  await engine.endOrphans();
  return {
    google,
    storage,
    died: Promise.race([store.died, stopped.promise]),
    stop: () => started.stop(),
  };
}

function makeScheduler(
  { maxConcurrentRuns }: GoogleConfiguration,
  engine: SparkEngine,
  { now, startTimer }: Clock,
): Scheduler {
  return new Scheduler({ engine, maxConcurrentRuns, now, startTimer });
}

interface ApiParts {
  readonly services: Services;
  readonly scheduler: Scheduler;
  readonly stop: (sentence: string) => void;
}

function makeApi(
  configuration: GoogleConfiguration,
  parts: ApiParts,
): { readonly api: OnePort; readonly goOn: () => void } {
  const { permissions, tokens, faults, clock } = parts.services;
  const { workloadIdentity, awsSts } = configuration;
  const sts = { workloadIdentity, awsSts, permissions, tokens };
  const { goOn, ...dataproc } = makeDataproc(configuration, parts);
  const products = [dataproc, makeSecretManager(configuration, parts)];
  const protos = products.map((product) => product.protos);
  const log = configuration.faults ? new RequestLog() : undefined;
  const dispatcher = new RpcDispatcher({
    implementations: Object.fromEntries(
      products.flatMap((product) => Object.entries(product.implementations)),
    ),
    rateLimits: new RateLimits(configuration, now),
    ...{ tokens, faults, log, now: clock.now },
  });
  const names = protos.flatMap(({ methods }) => methods.map(({ name }) => name));
  const rpcs = [...names, ...identityMethods, ...storageMethods];
  const http = makeApiServer({
    rest: new RestServices({ protos, dispatcher }),
    findCall: (request) => findIdentityCall(request, { sts, iamCredentials: parts.services }),
    faults,
    local: log === undefined ? undefined : { faults, rpcs, log, clock, stop: parts.stop },
  });
  const tls = readTls(configuration);
  return { api: new OnePort(http, makeGrpcSpeaker({ protos, dispatcher }), { tls }), goOn };
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
  { services: { permissions, clock }, scheduler }: ApiParts,
): Product & { readonly goOn: () => void } {
  const protos = loadProtos();
  const { root } = protos;
  return { protos, ...openDataproc({ configuration, permissions, scheduler, root, clock }) };
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
  readonly clock: Clock;
}

function makeServices(configuration: GoogleConfiguration): Services {
  const { checkCredentials, stateDirectory } = configuration;
  // What anyone may get here must not hold for a later server that checks credentials.
  const outliving = checkCredentials ? stateDirectory : null;
  const shelf = openShelf(outliving, 'tokens');
  const tokens = new TokenStore(Date.now, { checkCredentials, shelf });
  for (const [token, email] of Object.entries(configuration.staticTokens))
    tokens.addStatic(token, email);
  const keys = new SigningKeys(openShelf(outliving, 'keys'));
  for (const [email, account] of Object.entries(configuration.accounts))
    if (account.sign) void keys.prepare(email);
  const permissions = new Permissions(configuration);
  return { permissions, tokens, keys, faults: new FaultTable(), clock: new Clock() };
}

function now(): Date {
  return new Date();
}
