import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { toolchain } from '../local-server.ts';
import type { OfficialClient, Outcome } from './official-client.ts';

/**
 * Starts the official Python client, which answers one call after the other. With `tls` it takes
 * the address and the token and nothing else; `env` names the certificate that it trusts.
 */
export function startPythonClient(
  transport: 'grpc' | 'rest' | 'tls',
  google: string,
  token: string,
  env: Readonly<Record<string, string>> = {},
): OfficialClient {
  const script = join(import.meta.dirname, 'python_client.py');
  const child = spawn(
    String(toolchain['python']),
    ['-B', script, transport, new URL(google).host],
    {
      env: {
        PATH: '/usr/bin:/bin',
        METADATA_SERVER_DETECTION: 'none',
        NO_GCE_CHECK: 'true',
        ...env,
      },
      stdio: ['pipe', 'pipe', 'inherit'],
    },
  );
  const ended = new Promise<void>((resolve) => {
    child.once('close', () => {
      resolve();
    });
  });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  child.stdin.write(`${token}\n`);
  let last: Promise<unknown> = Promise.resolve();
  const ask = async (line: object): Promise<Outcome> => {
    child.stdin.write(`${JSON.stringify(line)}\n`);
    const { value, done } = await lines.next();
    if (done === true) throw new Error('the Python client has ended');
    return JSON.parse(value) as Outcome;
  };
  return {
    call: (service, method, request, options = {}) => {
      const answer = last.then(() => ask({ service, method, request, ...options }));
      last = answer.catch(() => undefined);
      return answer;
    },
    close: () => {
      child.stdin.end();
      return ended;
    },
  };
}
