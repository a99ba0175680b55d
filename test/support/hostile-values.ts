import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';

const VECTORS = JSON.parse(
  readFileSync(join(import.meta.dirname, '../vectors/hostile/values.json'), 'utf8'),
) as {
  /** Texts by what careless code takes them for. */
  readonly texts: Readonly<Record<string, readonly string[]>>;
  /** What may stand behind, or in place of, a prefix of Cloud Storage. */
  readonly uriParts: readonly string[];
  /** Numerals as JSON has them or nearly has them; only in a raw text do they stay what they are. */
  readonly numerals: readonly string[];
};

/** Texts too long for a data file. */
const LONG = [
  'x'.repeat(63),
  'x'.repeat(64),
  'x'.repeat(300),
  'x'.repeat(20_000),
  '😀'.repeat(5_000),
  '../'.repeat(2_000),
  '\0'.repeat(3_000),
];

/** Texts that careless code takes for something else. */
export const HOSTILE_TEXTS: readonly string[] = [...Object.values(VECTORS.texts).flat(), ...LONG];

/** Any text, mostly a hostile one, or some in a row. */
export const hostileTexts: fc.Arbitrary<string> = fc.oneof(
  { arbitrary: fc.constantFrom(...HOSTILE_TEXTS), weight: 4 },
  {
    arbitrary: fc
      .array(fc.constantFrom(...HOSTILE_TEXTS.filter((text) => text.length < 50)), { maxLength: 5 })
      .map((parts) => parts.join('')),
    weight: 2,
  },
  { arbitrary: fc.string({ unit: 'binary', maxLength: 60 }), weight: 1 },
  { arbitrary: fc.string({ unit: 'grapheme', maxLength: 60 }), weight: 1 },
);

/** URIs that lie, seem to lie, or once lay under one of the prefixes. */
export function hostileUris(prefixes: readonly string[]): fc.Arbitrary<string> {
  const starts = prefixes.flatMap((prefix) => {
    const [, bucket = '', rest = ''] = /^gs:\/\/([^/]+)\/(.*)$/.exec(prefix) ?? [];
    return [
      prefix,
      prefix.slice(0, -1),
      prefix.toUpperCase(),
      `gs://${bucket}-evil/${rest}`,
      `gs://${bucket}.evil/${rest}`,
      `gs://evil@${bucket}/${rest}`,
      `gs://${bucket}:80/${rest}`,
      `gs://${bucket}//${rest}`,
      `GS://${bucket}/${rest}`,
      `gs:/${bucket}/${rest}`,
      `hdfs://${bucket}/${rest}`,
      ` ${prefix}`,
      `file:///etc/passwd,${prefix}`,
    ];
  });
  const tails = fc
    .array(fc.constantFrom(...VECTORS.uriParts), { maxLength: 6 })
    .map((parts) => parts.join(''));
  const start = fc.oneof(
    { arbitrary: fc.constantFrom(...prefixes), weight: 3 },
    fc.constantFrom('', ...starts),
  );
  return fc.tuple(start, tails).map((parts) => parts.join(''));
}

/** Stands in a value for a numeral, until {@link toRawJson} writes it. */
const numerals = fc.constantFrom(...VECTORS.numerals).map((numeral) => `<<${numeral}>>`);

/** Names of members: often those that every object seems to have. */
export const hostileNames: fc.Arbitrary<string> = fc.oneof(
  fc.constantFrom('__proto__', 'constructor', 'toString', 'template', 'parameters', 'input', ''),
  hostileTexts,
);

/** Any JSON value, with hostile names and texts at every depth, and now and then very deep or very wide. */
export const hostileJson: fc.Arbitrary<unknown> = fc.oneof(
  { arbitrary: hostileTexts, weight: 3 },
  { arbitrary: numerals, weight: 2 },
  { arbitrary: fc.constantFrom(null, true, false, 0, -1, 1.5, [], {}, [[]], [null]), weight: 2 },
  { arbitrary: fc.array(hostileTexts, { maxLength: 4 }), weight: 1 },
  {
    arbitrary: fc.object({
      key: hostileNames,
      values: [hostileTexts, fc.boolean(), numerals],
      maxDepth: 3,
    }),
    weight: 2,
  },
  { arbitrary: fc.integer({ min: 1, max: 200 }).map((levels) => nest(levels)), weight: 1 },
  {
    arbitrary: fc
      .integer({ min: 1, max: 8_000 })
      .map((length): unknown => Array.from({ length }, () => 0)),
    weight: 1,
  },
);

function nest(levels: number): unknown {
  let value: unknown = 'x';
  for (let level = 0; level < levels; level += 1) value = level % 2 === 0 ? [value] : { a: value };
  return value;
}

/** Writes a value as JSON, its numerals as they are. */
export function toRawJson(value: unknown): string {
  return JSON.stringify(value).replaceAll(/"<<([^<>"]*)>>"/g, '$1');
}

type Spoiler = (text: string) => string;

/** Ways in which a text is nearly JSON, or JSON is more than was meant. */
export const spoilers: fc.Arbitrary<Spoiler> = fc.constantFrom<Spoiler>(
  (text) => text,
  (text) => text,
  (text) => text,
  (text) => `\ufeff${text}`,
  (text) => `${text}//x`,
  (text) => `/*x*/${text}`,
  (text) => text.replace(/\}$/, ',}'),
  (text) => text.replace(/^\{/, '{"template":"other",'),
  (text) => text.replace(/^\{/, '{"\\u0074emplate":"other",'),
  (text) => text.replace(/^\{/, '{"__proto__":{"template":"other"},'),
  (text) => text.slice(0, -1),
  (text) => `${text}${text}`,
  (text) => `[${text}]`,
  (text) => text.replaceAll('"', "'"),
  (text) => `${' '.repeat(66_000)}${text}`,
  (text) => `${'['.repeat(100_000)}${text}`,
  () => `${'{"a":'.repeat(30_000)}1${'}'.repeat(30_000)}`,
  () => `${'['.repeat(32_000)}${']'.repeat(32_000)}`,
  () => `"${'x'.repeat(1_000_000)}"`,
  () => '',
);

/** Values of a header. */
export const hostileHeaders: fc.Arbitrary<string> = fc.oneof(
  hostileTexts,
  fc.constantFrom(
    '""',
    '"',
    '"\\',
    '"a\\"b"',
    '"a\\x"',
    "'a'",
    'a,b',
    'a;b=c',
    'wait=100',
    'return=minimal',
    '*/*',
    'application/json',
    'APPLICATION/JSON;',
    'application/json, text/html',
    'x'.repeat(256),
    'é',
    `"${'\\"'.repeat(255)}"`,
    '00-00000000000000000000000000000000-0000000000000000-00',
  ),
);
