import { StackFailure } from './failure.ts';

/** One `--issuer` of the command line. */
export interface IssuerOption {
  /** The issuer's address, as its tokens name it in `iss`. */
  readonly url: string;
  readonly name: string;
  readonly kind: string;
  /** Everything else that was said of it, in the form of the template's parameter `issuers`. */
  readonly members: Readonly<Record<string, unknown>>;
}

/** The kinds of issuers that the API knows. */
export const ISSUER_KIND_NAMES = [
  'rfc9068',
  'okta',
  'entra-v1',
  'entra-v2',
  'cognito',
  'google',
  'github-actions',
  'gitlab',
  'aws-sts',
] as const;

const REQUIRED = ['kind', 'url', 'audience'] as const;
const TEXTS = ['audience', 'plan', 'groupsClaim', 'rolesClaim', 'loginClient'] as const;
const LISTS = ['clients', 'algorithms', 'tokenScopes'] as const;
const REPEATED = ['grants', 'plans'] as const;
const KNOWN: readonly string[] = [
  ...new Set(['name', ...REQUIRED, ...TEXTS, ...LISTS, ...REPEATED]),
];
/** More issuers would not fit a function's environment of 4 kB. */
const MOST_ISSUERS = 8;

/**
 * Reads the arguments of `npm start`: `--issuer <text>`, repeatable.
 * @throws StackFailure that names the argument or key at fault
 */
export function parseIssuerOptions(args: readonly string[]): readonly IssuerOption[] {
  const texts: string[] = [];
  for (let index = 0; index < args.length; index += 1) {
    const word = args[index] ?? '';
    if (word === '--issuer') texts.push(args[(index += 1)] ?? '');
    else if (word.startsWith('--issuer=')) texts.push(word.slice('--issuer='.length));
    else throw new StackFailure(`npm start knows no argument "${word}": see npm start -- --help.`);
  }
  if (texts.length > MOST_ISSUERS) throw fault(`may be given ${MOST_ISSUERS} times`);
  const options = texts.map(parseIssuerOption);
  const names = ['local', ...options.map(({ name }) => name)];
  const twice = names.find((name, index) => names.indexOf(name) < index);
  if (twice === undefined) return options;
  throw fault(`"${twice}" names two issuers, the stack's own is "local": give one of them name=…`);
}

function parseIssuerOption(text: string): IssuerOption {
  // The deploy tool reads `${…}` in a parameter as a reference, to a file for instance.
  if (text.includes('${')) throw fault('"${" may be in no value');
  const pairs = text.split(',').map(parsePair);
  const read = (key: string): string | undefined => pairs.find(([name]) => name === key)?.[1];
  for (const [index, [key]] of pairs.entries()) {
    if (!KNOWN.includes(key)) throw fault(`there is no key "${key}": use ${KNOWN.join(', ')}`);
    const first = pairs.findIndex(([name]) => name === key);
    if (first < index && !REPEATED.some((name) => name === key))
      throw fault(`${key} is there twice`);
  }
  for (const key of REQUIRED) {
    if (read(key) === undefined)
      throw fault(
        `${key}=… is missing, as in kind=rfc9068,url=https://login.example.com,audience=urn:jobgate`,
      );
  }
  const kind = read('kind') ?? '';
  if (!ISSUER_KIND_NAMES.some((name) => name === kind)) {
    throw fault(`there is no kind "${kind}": use one of ${ISSUER_KIND_NAMES.join(', ')}`);
  }
  const url = read('url') ?? '';
  return { url, kind, name: read('name') ?? toName(url), members: toMembers(pairs, kind) };
}

type Pair = readonly [string, string];

function parsePair(text: string): Pair {
  const [, key, value] = /^([^=]+)=(.+)$/.exec(text) ?? [];
  if (key !== undefined && value !== undefined) return [key, value];
  throw fault(`"${text}" is not <key>=<value>`);
}

function toMembers(pairs: readonly Pair[], kind: string): Readonly<Record<string, unknown>> {
  const pick = (keys: readonly string[]): readonly Pair[] =>
    pairs.filter(([key]) => keys.includes(key));
  const rules = REPEATED.map(
    (key) => [key, pick([key]).map(([, value]) => parseRule(value))] as const,
  );
  return {
    algorithms: kind === 'aws-sts' ? ['RS256', 'ES384'] : ['RS256', 'ES256'],
    ...Object.fromEntries(pick(TEXTS)),
    ...Object.fromEntries(pick(LISTS).map(([key, value]) => [key, value.split('+')])),
    ...Object.fromEntries(
      rules
        .filter(([, list]) => list.length > 0)
        .map(([key, list]) => [
          key,
          Object.fromEntries(
            list.map(([selector, value]) => [selector, key === 'plans' ? value : value.split('+')]),
          ),
        ]),
    ),
  };
}

/** `<selector>=<value>`; a tag's selector holds an equals sign of its own. */
function parseRule(text: string): Pair {
  const at = text.lastIndexOf('=');
  if (at > 0 && at < text.length - 1) return [text.slice(0, at), text.slice(at + 1)];
  throw fault(`"${text}" is not <selector>=<value>, as in group:analysts=jobs:read+jobs:submit`);
}

function toName(url: string): string {
  const host = URL.parse(url)?.host ?? 'issuer';
  return host.replaceAll(/[^a-z0-9]+/g, '-').slice(0, 40);
}

function fault(sentence: string): StackFailure {
  return new StackFailure(`--issuer: ${sentence}.`);
}
