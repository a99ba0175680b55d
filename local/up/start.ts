import type { CommandOptions } from './command.ts';
import { StackFailure } from './failure.ts';
import { waitForAbort } from './signals.ts';
import { startStack } from './stack.ts';
import { removeStackFile, type Stack, writeStackFile } from './stack-file.ts';

/**
 * Keeps the local stack up in the foreground until Ctrl-C, then ends it in order. Returns 0 after
 * such an end. @throws StackFailure when the stack cannot start, or one of its servers ends.
 */
export async function runStart({ args, progress, end }: CommandOptions): Promise<number> {
  if (args[0] !== undefined) throw new StackFailure(`npm start knows no argument "${args[0]}".`);
  const running = await startStack({ progress, signal: end.signal });
  writeStackFile(running.stack, running.run);
  try {
    process.stdout.write(renderPage(running.stack));
    await Promise.race([running.failure, waitForAbort(end.signal)]);
    return 0;
  } finally {
    removeStackFile(running.stack, running.run);
    await running.stop((name) => {
      progress.note(`${name}: ending`);
    });
    progress.note('Everything has ended.');
  }
}

function renderPage({ api, issuer, tokenEndpoint, dataproc, storage, aws }: Stack): string {
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
