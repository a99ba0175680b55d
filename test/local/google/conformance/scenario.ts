import { expect } from 'vitest';
import { accounts, readObjects, waitFor } from '../google-server.ts';
import type { Json, OfficialClient, Outcome, Service } from './official-client.ts';

/** Where everything of the suite lives. */
export const place = { projectId: 'local', region: 'us-central1' } as const;
export const location = 'projects/local/locations/us-central1';
export const region = 'projects/local/regions/us-central1';

/** The program of the jobs, `gs://` names as they are seeded. */
export function jobUri(name: string): string {
  return `gs://jobgate-staging/jobs/${name}`;
}

/** A request to submit a Python program to the cluster of the suite. */
export function pysparkJob(jobId: string, program: string, rest: Json = {}): Json {
  return {
    ...place,
    job: {
      reference: { jobId },
      placement: { clusterName: 'suite' },
      pysparkJob: { mainPythonFileUri: jobUri(program) },
      ...rest,
    },
  };
}

/** A request to create a batch that runs as the runtime account. */
export function batch(batchId: string, work: Json, rest: Json = {}): Json {
  const executionConfig = { serviceAccount: accounts.runtime };
  return {
    parent: location,
    batchId,
    batch: { ...work, environmentConfig: { executionConfig }, ...rest },
  };
}

/** A conversation with Dataproc through one client; the calls that must work return their answer. */
export class Conversation {
  readonly #client: OfficialClient;

  constructor(client: OfficialClient) {
    this.#client = client;
  }

  /** Makes a call that must work, and returns the message it answers. */
  async get(service: Service, method: string, request: Json): Promise<Json> {
    return this.#read(await this.#client.call(service, method, request), 'response');
  }

  /** Makes a call that must work, and returns the items of all pages. */
  async list(service: Service, method: string, request: Json): Promise<readonly Json[]> {
    return this.#read(await this.#client.call(service, method, request), 'items');
  }

  /** Starts a long-running operation and returns its name. */
  async start(service: Service, method: string, request: Json): Promise<string> {
    const outcome = await this.#client.call(service, method, request, { wait: false });
    return String(this.#read(outcome, 'response')['name']);
  }

  /** Cancels a long-running operation that `start` has named. */
  async cancel(service: Service, name: string): Promise<void> {
    this.#read(await this.#client.call(service, 'CancelOperation', { name }), 'response');
  }

  /** Makes a call that must fail, and returns how. */
  async refuse(service: Service, method: string, request: Json): Promise<unknown> {
    const outcome = await this.#client.call(service, method, request);
    expect(outcome).toHaveProperty('error');
    return 'error' in outcome ? outcome.error : undefined;
  }

  /** Polls a job until it is in one of the states. */
  async waitForJob(jobId: string, ...states: readonly string[]): Promise<Json> {
    return waitFor(async () => {
      const job = await this.get('JobController', 'GetJob', { ...place, jobId });
      const { state } = Object(job['status']) as { readonly state?: string };
      return states.includes(state ?? '') ? job : undefined;
    });
  }

  #read(outcome: Outcome, key: 'response'): Json;
  #read(outcome: Outcome, key: 'items'): readonly Json[];
  #read(outcome: Outcome, key: 'response' | 'items'): Json | readonly Json[] {
    if (key === 'response' && 'response' in outcome) return outcome.response;
    if (key === 'items' && 'items' in outcome) return outcome.items;
    throw new Error(`the call answered ${JSON.stringify(outcome)}`);
  }
}

/** Reads what a driver printed, without the line that the local Dataproc adds. */
export async function readDriverOutput(storage: string, uri: unknown): Promise<string> {
  const objects = await readObjects(storage, `${String(uri)}.`, 'reader-token');
  const text = objects.map((object) => object.text).join('');
  return text.replace(/^[^\n]* driver pid [^\n]*\n/, '');
}
