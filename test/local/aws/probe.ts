import { request, type IncomingMessage } from 'node:http';
import { awsCommand, type LocalServer, startServer } from './local-server.ts';
import { accessLogGroup, deployProbe } from './probe-stack.ts';
import { callJson } from './signed-call.ts';

/** A started local AWS with the probe API deployed. */
export interface Probe {
  readonly server: LocalServer;
  /** The emulator's endpoint. */
  readonly aws: string;
  /** Calls a path of the probe API; redirects are not followed. */
  readonly call: (path: string, init?: RequestInit) => Promise<Response>;
  /** Calls with the header names spelt and repeated as given. */
  readonly callRaw: (path: string, headers: Record<string, string | string[]>) => Promise<unknown>;
  /** The messages of a log group, oldest first. */
  readonly logLines: (group: string) => Promise<readonly string[]>;
  /** The access log's entry of the request with this id. */
  readonly accessLogEntry: (requestId: string) => Promise<unknown>;
  readonly stop: () => Promise<number | null>;
}

/** Starts the local AWS and deploys the probe API. */
export async function startProbe(): Promise<Probe> {
  const server = await startServer(awsCommand, (folder) => ({
    stdinIsLease: true,
    dataDirectory: `${folder}/data`,
  }));
  const aws = String(server.ready['aws']);
  const api = await deployProbe(aws);
  const logLines = (group: string) => readLog(aws, group);
  return {
    server,
    aws,
    call: (path, init) => fetch(`${api}${path}`, { redirect: 'manual', ...init }),
    callRaw: (path, headers) => callRaw(`${api}${path}`, headers),
    logLines,
    accessLogEntry: async (requestId) => {
      const lines = await logLines(accessLogGroup);
      const entries = lines.map((line): unknown => JSON.parse(line));
      return entries.find((entry) => JSON.stringify(entry).includes(requestId));
    },
    stop: server.stop,
  };
}

async function callRaw(url: string, headers: Record<string, string | string[]>): Promise<unknown> {
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    request(url, { headers }, resolve).once('error', reject).end();
  });
  let text = '';
  for await (const chunk of response.setEncoding('utf8')) text += String(chunk);
  return JSON.parse(text);
}

async function readLog(aws: string, group: string): Promise<readonly string[]> {
  const { events } = await callJson(aws, 'logs', 'Logs_20140328.FilterLogEvents', {
    logGroupName: group,
  });
  if (!Array.isArray(events)) throw new Error(`no events in ${group}`);
  return events.map((event: unknown) =>
    typeof event === 'object' && event !== null && 'message' in event ? String(event.message) : '',
  );
}
