import { type ClientName, clientNames } from './clients.ts';
import { StackFailure } from './failure.ts';
import { readStackFile } from './stack-file.ts';
import { fetchToken } from './tokens.ts';

/** Prints an access token of one client of the stack that `npm start` keeps up, and nothing else. */
export async function runToken(args: readonly string[]): Promise<number> {
  const name = parseClientName(args);
  const { tokenEndpoint, clients } = readStackFile();
  process.stdout.write(`${await fetchToken(tokenEndpoint, clients[name])}\n`);
  return 0;
}

function parseClientName(args: readonly string[]): ClientName {
  const [word] = args;
  const name = clientNames.find((each) => each === word);
  if (name !== undefined && args.length === 1) return name;
  const known = clientNames.join(', ');
  const given =
    word === undefined ? 'no client was given' : `there is no client "${args.join(' ')}"`;
  throw new StackFailure(`npm run -s token -- <client>: ${given}; the clients are ${known}.`);
}
