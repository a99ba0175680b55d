import type { CommandOptions } from './command.ts';
import { discoverJwksUri } from './discovery.ts';
import { parseIssuerOptions, type IssuerOption } from './issuer-option.ts';
import { waitForAbort } from './signals.ts';
import { startStack, type RunningStack } from './stack.ts';
import { removeStackFile, writeStackFile } from './stack-file.ts';
import type { TrustedIssuer } from './trusted-issuers.ts';

/**
 * Keeps the local stack up in the foreground until Ctrl-C, then ends it in order. Returns 0 after
 * such an end. @throws StackFailure when an issuer cannot be trusted, the stack cannot start, or one of
 * its servers ends.
 */
export async function runStart({ args, progress, end }: CommandOptions): Promise<number> {
  const { signal } = end;
  const options = parseIssuerOptions(args);
  const issuers = await Promise.all(options.map((option) => discover(option, signal)));
  const running = await startStack({ progress, signal, issuers });
  writeStackFile(running.stack, running.run);
  try {
    process.stdout.write(renderPage(running));
    await Promise.race([running.failure, waitForAbort(signal)]);
    return 0;
  } finally {
    removeStackFile(running.stack, running.run);
    await running.stop((name) => {
      progress.note(`${name}: ending`);
    });
    progress.note('Everything has ended.');
  }
}

async function discover(option: IssuerOption, signal: AbortSignal): Promise<TrustedIssuer> {
  const { name, kind, url, members } = option;
  return { name, kind, issuer: url, jwksUri: await discoverJwksUri(url, signal), ...members };
}

function renderPage({ stack, issuers }: RunningStack): string {
  const { api, issuer, tokenEndpoint, dataproc, storage, aws } = stack;
  const trusted = issuers.map((each) => `${each.name} (${each.kind}) ${each.issuer}`);
  const bearer = `-H "Authorization: Bearer $(npm run -s token -- analyst)"`;
  const job = {
    template: 'preprocess',
    parameters: { input: 'gs://jobgate-data/samples/birdstrikes.csv' },
  };
  return `
Jobgate is up. Ctrl-C ends it and leaves nothing behind.

  API                 ${api}
  Identity provider   ${issuer}
  Token endpoint      ${tokenEndpoint}
  Trusted issuers     ${trusted.join(`\n${' '.repeat(22)}`)}
  Dataproc, STS, IAM  ${dataproc}
  Cloud Storage       ${storage}
  AWS                 ${aws}
  All of it, with the clients' secrets: .local/stack.json

Try, in another terminal in this folder:

  curl -s ${api}/health

  curl -s ${bearer} ${api}/templates

  curl -s ${bearer} -H 'Content-Type: application/json' -H 'Idempotency-Key: first-try' -d '${JSON.stringify(job)}' ${api}/jobs

`;
}
