/**
 * The local identity provider: a real OpenID provider on a free loopback port.
 *
 *     node local/idp/main.ts --config <file.json>
 *
 * Prints `{"ready":true,"issuer":…,"tokenEndpoint":…,"jwksUri":…,"pid":…}` when it serves. Ends
 * with status 0 on SIGTERM, SIGINT or, with `stdinIsLease`, when standard input ends; with status 2
 * when the configuration is at fault.
 */
import { Console } from 'node:console';
import { readFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import { parseArgs } from 'node:util';
import {
  ConfigurationError,
  type IdpConfiguration,
  parseIdpConfiguration,
} from './configuration.ts';
import { type Issuer, jwksPath, makeIssuer } from './issuer.ts';
import { answerTestHook, testHooksPath } from './test-hooks.ts';

async function readConfiguration(): Promise<IdpConfiguration> {
  const { values } = parseArgs({ options: { config: { type: 'string' } } });
  if (values.config === undefined) throw new ConfigurationError('--config <file.json> is missing');
  const text = await readFile(values.config, 'utf8').catch((cause: unknown) => {
    throw new ConfigurationError(`${values.config ?? ''} cannot be read`, { cause });
  });
  return parseIdpConfiguration(text);
}

/** Binds first: the issuer's name holds the port. */
function listen(server: Server): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      if (typeof address === 'object' && address !== null) resolve(address.port);
    });
  });
}

function serve(server: Server, issuer: Issuer, testHooks: boolean): void {
  server.on('request', (request, response) => {
    if (!request.url?.startsWith(testHooksPath)) issuer.handle(request, response);
    else if (testHooks)
      answerTestHook(issuer, request, response).catch((error: unknown) => {
        console.error(`idp: ${String(error)}`);
        response.destroy();
      });
    else response.writeHead(404).end();
  });
}

function stopOnRequest(server: Server, stdinIsLease: boolean): void {
  const stop = () => {
    server.close(() => process.exit(0));
    server.closeAllConnections();
  };
  process.once('SIGTERM', stop);
  process.once('SIGINT', stop);
  if (stdinIsLease) process.stdin.once('end', stop).once('error', stop).resume();
}

async function main(): Promise<void> {
  const configuration = await readConfiguration();
  // The provider's notices go to console.info, and stdout carries the ready line alone.
  globalThis.console = new Console(process.stderr, process.stderr);
  const server = createServer();
  stopOnRequest(server, configuration.stdinIsLease);
  const url = `http://127.0.0.1:${await listen(server)}`;
  serve(server, await makeIssuer(url, configuration), configuration.testHooks);
  const ready = {
    ready: true,
    issuer: url,
    tokenEndpoint: `${url}/token`,
    jwksUri: `${url}${jwksPath}`,
    pid: process.pid,
  };
  process.stdout.write(`${JSON.stringify(ready)}\n`);
}

main().catch((error: unknown) => {
  const faulty = error instanceof ConfigurationError;
  process.stderr.write(`local/idp: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exit(faulty ? 2 : 1);
});
