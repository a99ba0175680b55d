import { expect } from 'vitest';
import { accounts, startGoogle } from '../google-server.ts';
import type { LocalServer } from '../local-server.ts';
import { makeNodeClient } from './node-client.ts';
import type { OfficialClient } from './official-client.ts';
import { startPythonClient } from './python-client.ts';

/** Starts a local Google with the cluster of the suite. */
export function startSuite(folder: string, run: string): Promise<LocalServer> {
  const cluster = {
    name: 'suite',
    stagingBucket: 'jobgate-staging',
    serviceAccount: accounts.runtime,
    labels: { env: 'test' },
  };
  return startGoogle(folder, { run, clusters: [cluster] });
}

type Make = (google: string, token: string) => OfficialClient;

/** Google's clients, each with a word that its resources begin with. */
export const clients = [
  ['Node over gRPC', 'ng', (google, token) => makeNodeClient('grpc', google, token)],
  ['Node over REST', 'nr', (google, token) => makeNodeClient('rest', google, token)],
  ['Python over gRPC', 'pg', (google, token) => startPythonClient('grpc', google, token)],
  ['Python over REST', 'pr', (google, token) => startPythonClient('rest', google, token)],
] as const satisfies readonly (readonly [name: string, id: string, make: Make])[];

/** A refusal whose message has the text; clients put their own words around it. */
export function refusal(status: number, text: string): unknown {
  return { status, message: expect.stringContaining(text) as unknown };
}
