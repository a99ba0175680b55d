import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { readIdentityConfig, type IssuerConfig } from '../../shared/config/issuers.ts';
import { START_SECONDS, type Signing, type TokenForge } from './tokens.ts';

/** A change to the good token of a kind; null removes a member or undoes a change. */
export interface TokenChange {
  readonly header?: Readonly<Record<string, unknown>> | null;
  readonly claims?: Readonly<Record<string, unknown>> | null;
  /** JSON members that are written before all others, so that a name stands there twice. */
  readonly before?: { readonly header?: string; readonly claims?: string } | null;
  readonly signing?: Signing | null;
  /** Done to the signed token. */
  readonly mutate?: keyof typeof MUTATIONS | null;
  /** The whole header, where `{token}` stands for the token. */
  readonly authorization?: string | null;
}

/** One token of test/vectors/tokens: what is other than in the good token of its kind, and what becomes of it. */
export interface TokenVector extends TokenChange {
  readonly title: string;
  readonly source: string;
  /** Why the token is judged in the process only and not sent over the network. */
  readonly unsent?: string;
  readonly expect:
    | { readonly reason: string; readonly claim?: string }
    | { readonly caller: Readonly<Record<string, unknown>> };
  /** Of a refused token the one change that makes it acceptable. */
  readonly mend?: TokenChange;
}

/** The good token of a kind, as its issuer's documentation shows it, and the issuer's configuration. */
export interface GoodToken {
  readonly title: string;
  readonly source: string;
  readonly issuer: Readonly<Record<string, unknown>> & {
    readonly issuer: string;
    readonly audience: string;
  };
  readonly header: Readonly<Record<string, unknown>>;
  readonly claims: Readonly<Record<string, unknown>>;
  readonly signing: Signing;
  readonly caller: Readonly<Record<string, unknown>>;
}

/** A vector with its name, which is the file's, and its kind, which is the folder's: a kind of issuers, or one product. */
export interface NamedVector {
  readonly kind: string;
  readonly name: string;
  readonly vector: TokenVector;
}

const FOLDER = join(import.meta.dirname, '../vectors/tokens');

/** The kinds that have vectors. */
export const VECTOR_KINDS: readonly string[] = readdirSync(FOLDER).toSorted();

function read(kind: string, file: string): unknown {
  return JSON.parse(readFileSync(join(FOLDER, kind, file), 'utf8')) as unknown;
}

/** Reads the good token of a kind. */
export function readGoodToken(kind: string): GoodToken {
  return read(kind, 'good.json') as GoodToken;
}

/** Reads every other vector of a kind. */
export function readVectors(kind: string): readonly NamedVector[] {
  const files = readdirSync(join(FOLDER, kind)).filter((file) => file !== 'good.json');
  return files.toSorted().map((file) => ({
    kind,
    name: file.replace(/\.json$/, ''),
    vector: read(kind, file) as TokenVector,
  }));
}

/** Reads the configuration of the issuer that a kind's good token belongs to. */
export function readVectorIssuer(kind: string): IssuerConfig {
  const [issuer] = readIdentityConfig({
    JOBGATE_STAGE: 'prod',
    JOBGATE_VERSION: '0.1.0',
    JOBGATE_PUBLIC_URL: 'https://api.example/prod',
    JOBGATE_ISSUERS: JSON.stringify([readGoodToken(kind).issuer]),
  }).issuers;
  if (issuer === undefined) throw new Error(`${kind} has no issuer`);
  return issuer;
}

/** Where a vector is sent to: whose keys sign it, who it says to have made it and for whom, and when. */
export interface VectorTarget {
  readonly forge: TokenForge;
  readonly issuer: string;
  readonly audience: string;
  readonly nowSeconds: number;
}

/** Undoes what was wrong with a refused token. */
export function mend({ mend: change = {}, ...vector }: TokenVector): TokenChange {
  return {
    ...vector,
    ...change,
    header: { ...vector.header, ...change.header },
    claims: { ...vector.claims, ...change.claims },
  };
}

/** Makes the `Authorization` header of a vector: signed after everything but `mutate` and `authorization`. */
export function toAuthorization(
  change: TokenChange,
  good: GoodToken,
  target: VectorTarget,
): string {
  const claims = JSON.stringify(shift(merge(good.claims, change.claims), target.nowSeconds))
    .replaceAll(good.issuer.issuer, target.issuer)
    .replaceAll(good.issuer.audience, target.audience);
  const header = JSON.stringify(merge(good.header, change.header));
  const token = target.forge.forge(
    header.replace('{', `{${change.before?.header ?? ''}`),
    claims.replace('{', `{${change.before?.claims ?? ''}`),
    change.signing ?? good.signing,
  );
  const [first = '', second = '', third = ''] = token.split('.');
  const mutate = change.mutate ?? undefined;
  const sent = mutate === undefined ? token : MUTATIONS[mutate]([first, second, third]);
  return (change.authorization ?? 'Bearer {token}').replaceAll('{token}', sent);
}

type Members = Readonly<Record<string, unknown>>;

function merge(base: Members, changes: Members | null = {}): Members {
  const merged = Object.entries({ ...base, ...changes });
  return Object.fromEntries(merged.filter(([, value]) => value !== null));
}

/** Times of the files are relative to the test clock's start. */
function shift(claims: Members, nowSeconds: number): Members {
  const move = (name: string, value: unknown): unknown =>
    ['iat', 'nbf', 'exp'].includes(name) && typeof value === 'number'
      ? value + nowSeconds - START_SECONDS
      : value;
  return Object.fromEntries(
    Object.entries(claims).map(([name, value]) => [name, move(name, value)]),
  );
}

function encode(value: unknown): string {
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  return Buffer.from(text).toString('base64url');
}

/** Changes the claims of a signed token. */
function rewrite(segment: string, change: Members): string {
  const claims = JSON.parse(Buffer.from(segment, 'base64url').toString('utf8')) as Members;
  return encode({ ...claims, ...change });
}

/** Inserts text in the middle of a segment. */
function insert(segment: string, text: string): string {
  return segment.slice(0, 20) + text + segment.slice(20);
}

type Segments = readonly [string, string, string];

/** Last characters of 256 bytes in base64url, and another spelling of the same two bits. */
const SPELT_OTHERWISE: Readonly<Record<string, string>> = { A: 'B', Q: 'R', g: 'h', w: 'x' };

const MUTATIONS = {
  'empty-signature': ([header, payload]: Segments) => `${header}.${payload}.`,
  'drop-signature': ([header, payload]: Segments) => `${header}.${payload}`,
  'spare-bits': ([header, payload, signature]: Segments) =>
    `${header}.${payload}.${signature.slice(0, -1)}${SPELT_OTHERWISE[signature.slice(-1)] ?? '-'}`,
  'append-segment': (segments: Segments) => [...segments, 'AAAA'].join('.'),
  'as-jwe': ([header, payload, signature]: Segments) =>
    [header, payload, signature, signature, signature].join('.'),
  'as-json': ([header, payload, signature]: Segments) =>
    JSON.stringify({ protected: header, payload, signature }),
  'header-list': ([, payload, signature]: Segments) => [encode([]), payload, signature].join('.'),
  'header-text': ([, payload, signature]: Segments) =>
    [encode('no JSON'), payload, signature].join('.'),
  'payload-text': ([header, , signature]: Segments) =>
    [header, encode('no JSON'), signature].join('.'),
  'payload-list': ([header, , signature]: Segments) => [header, encode([]), signature].join('.'),
  'payload-not-utf-8': ([header, payload, signature]: Segments) => {
    const bytes = Buffer.from(payload, 'base64url');
    bytes[bytes.indexOf('"sub":"') + 7] = 0xff;
    return [header, bytes.toString('base64url'), signature].join('.');
  },
  'flip-signature': ([header, payload, signature]: Segments) =>
    `${header}.${payload}.${signature.startsWith('A') ? 'B' : 'A'}${signature.slice(1)}`,
  'swap-claims': ([header, payload, signature]: Segments) =>
    [header, rewrite(payload, { sub: 'ada' }), signature].join('.'),
  'pad-signature': (segments: Segments) => `${segments.join('.')}==`,
  'pad-payload': ([header, payload, signature]: Segments) => `${header}.${payload}=.${signature}`,
  'space-in-signature': ([header, payload, signature]: Segments) =>
    `${header}.${payload}.${insert(signature, ' ')}`,
  'newline-in-payload': ([header, payload, signature]: Segments) =>
    `${header}.${insert(payload, '\n')}.${signature}`,
  'standard-alphabet': ([header, payload, signature]: Segments) =>
    `${header}.${payload}.${insert(signature, '+/')}`,
  'stretch-13-kilobytes': ([header, payload, signature]: Segments) =>
    [header, rewrite(payload, { filler: 'x'.repeat(9_300) }), signature].join('.'),
  'stretch-20-kilobytes': ([header, payload, signature]: Segments) =>
    [header, rewrite(payload, { filler: 'x'.repeat(15_000) }), signature].join('.'),
} as const satisfies Readonly<Record<string, (segments: Segments) => string>>;
