import { SAMPLE_BODY } from './api.ts';

/** Stands in a path for the job of which {@link Wire.own} is. */
export const OWN_JOB = '{job}';

const INPUT = SAMPLE_BODY.parameters.input;
const PREFIX = 'gs://jobgate-data/samples/';

/** A request by hand: what differs from a good POST of the sample. */
export interface Wire {
  readonly method?: string;
  /** Behind `/v1`. */
  readonly path?: string;
  readonly headers?: readonly string[];
  readonly type?: string;
  readonly body?: string | Buffer;
  /** The body as it is framed; `Content-Length` otherwise. */
  readonly framed?: readonly (string | Buffer)[];
  readonly cut?: boolean;
  /** About the analyst's own job, with the analyst's token. */
  readonly own?: boolean;
}

/** The sample's body with changes. */
export const json = (changes: object = {}): string =>
  JSON.stringify({ ...SAMPLE_BODY, ...changes });
const withInput = (input: unknown): Wire => ({
  body: json({ parameters: { ...SAMPLE_BODY.parameters, input } }),
});
const raw = (members: string): Wire => ({ body: `{"template":"preprocess",${members}}` });
const get = (path: string, ...headers: readonly string[]): Wire => ({
  method: 'GET',
  path,
  headers,
});
const about = (path: string): Wire => ({ ...get(`/jobs/${OWN_JOB}${path}`), own: true });
const nested = (levels: number): string => '['.repeat(levels) + ']'.repeat(levels);
/** A chunk of a chunked body. */
export const chunk = (text: string): string =>
  `${Buffer.byteLength(text).toString(16)}\r\n${text}\r\n`;

/** What a request is, and what it is answered with. */
export type Row = readonly [name: string, status: number | readonly number[], wire: Wire];

/** POSTs of a body. */
export const BODIES: readonly Row[] = [
  ['1 MB of text', 413, { body: json({ templateVersion: 'x'.repeat(1_000_000) }) }],
  ['10 MB of text', 413, { body: json({ templateVersion: 'x'.repeat(10_000_000) }) }],
  ['100,000 levels', [400, 413], raw(`"labels":${nested(100_000)}`)],
  ['32,000 levels', 400, raw(`"labels":${nested(32_000)}`)],
  ['65 levels', 400, raw(`"labels":${nested(65)}`)],
  ['a comment', 400, { body: `${json()}//` }],
  ['a trailing comma', 400, { body: json().replace(/\}$/, ',}') }],
  ['a byte order mark', 400, { body: `\ufeff${json()}` }],
  ['UTF-16', 400, { body: Buffer.from(json(), 'utf16le') }],
  ['a number beyond all', 400, raw('"maxRuntimeSeconds":1e400')],
  ['a number that would be rounded', 400, raw('"maxRuntimeSeconds":9007199254740993')],
  ['no number', 400, raw('"maxRuntimeSeconds":NaN')],
  ['a lone surrogate', 400, raw('"templateVersion":"\\ud800"')],
  ['a name twice', 400, { body: `{"template":"flight-delays",${json().slice(1)}` }],
  ['a name twice, once in escapes', 400, { body: `{"\\u0074emplate":"x",${json().slice(1)}` }],
  ['a prototype', 422, raw('"__proto__":{"template":"preprocess"}')],
  ['a constructor', 422, raw('"constructor":{"prototype":{"template":"preprocess"}}')],
  [
    'a prototype in the parameters',
    422,
    raw(`"parameters":{"input":"${INPUT}","__proto__":{"dataset":"x"}}`),
  ],
  ['a list for the template', 422, { body: json({ template: ['preprocess'] }) }],
  ['a step up', 422, withInput(`${PREFIX}../../secrets/x.csv`)],
  ['an encoded step up', 422, withInput(`${PREFIX}%2e%2e/x.csv`)],
  ['a choice of files', 422, withInput(`${PREFIX}{a,../b}.csv`)],
  ['any file', 422, withInput(`${PREFIX}*.csv`)],
  ['a local file behind a comma', 422, withInput(`${PREFIX}a.csv,file:/etc/passwd.csv`)],
  ['another bucket that begins alike', 422, withInput('gs://jobgate-data-evil/samples/a.csv')],
  ['a user in the bucket', 422, withInput('gs://jobgate-data@evil/samples/a.csv')],
  ['capitals in the bucket', 422, withInput('gs://JOBGATE-DATA/samples/a.csv')],
  ['an empty segment', 422, withInput('gs://jobgate-data//samples/a.csv')],
  ['a null character', 422, withInput(`${PREFIX}a\0.csv`)],
  ['a text that runs the other way', 422, withInput(`${PREFIX}\u202evsc.csv`)],
  ['a setting of Spark', 422, withInput('--conf spark.jars=gs://evil/x.jar')],
  [
    'settings as a parameter',
    422,
    raw(`"parameters":{"input":"${INPUT}","spark.jars":"gs://evil/x"}`),
  ],
  ['properties beside the parameters', 422, { body: json({ properties: { 'spark.jars': 'x' } }) }],
  ['a label of ours', 422, { body: json({ labels: { 'jg-caller': 'x' } }) }],
  ['a label of Google’s', 422, { body: json({ labels: { 'goog-dataproc-x': 'x' } }) }],
  ['a label of 64 characters', 422, { body: json({ labels: { ['x'.repeat(64)]: 'x' } }) }],
  ['money with a comma', 422, { body: json({ maxCost: { amount: '5,00', currency: 'USD' } }) }],
  ['money with an exponent', 422, { body: json({ maxCost: { amount: '1e5', currency: 'USD' } }) }],
  ['too much money', 422, { body: json({ maxCost: { amount: '999999999.99', currency: 'USD' } }) }],
  ['no money', 422, { body: json({ maxCost: { amount: '0000', currency: 'USD' } }) }],
  ['a digest of another plan', 409, { body: json({ planDigest: '0'.repeat(64) }) }],
  ['a version with a line break', 409, { body: json({ templateVersion: '1.0.0\n' }) }],
  ['a job to run again that climbs', 422, { body: json({ retryOf: '../../x' }) }],
  ['a job to run again that is nobody’s', 404, { body: json({ retryOf: `jg-${'a'.repeat(26)}` }) }],
  ['a form', 415, { type: 'multipart/form-data; boundary=x', body: json() }],
  ['no type', 415, { type: '', body: json() }],
];

/** Requests whose headers are the matter. */
export const HEADERS: readonly Row[] = [
  ['a key with half a quote', 400, { headers: ['Idempotency-Key: "x'], body: json() }],
  ['a key with an open escape', 400, { headers: ['Idempotency-Key: "x\\"'], body: json() }],
  [
    'a key of 256 characters',
    400,
    { headers: [`Idempotency-Key: ${'x'.repeat(256)}`], body: json() },
  ],
  ['two keys', 400, { headers: ['Idempotency-Key: a', 'Idempotency-Key: b'], body: json() }],
  ['a key that is no ASCII', 400, { headers: ['Idempotency-Key: \u00e9'], body: json() }],
  ['an answer that nobody has', 406, { headers: ['Accept: text/html'], body: json() }],
  ['a folded header', 400, { headers: ['Idempotency-Key: a', ' b'], body: json() }],
  ['a header without a name', 400, { headers: [': x'], body: json() }],
  ['a null character in a header', 400, { headers: ['X-A: \0'], body: json() }],
  [
    '2,000 headers',
    [200, 431],
    { ...get('/templates'), headers: [...Array(2_000).keys()].map((n) => `X-${n}: x`) },
  ],
  ['a header of 1 MB', 431, { ...get('/templates'), headers: [`X-A: ${'x'.repeat(1_000_000)}`] }],
];

/** GETs. */
export const PATHS: readonly Row[] = [
  ['a file up', 404, about('/files/..%2f..%2fsecret')],
  ['a file up, encoded', 404, about('/files/%2e%2e/%2e%2e/secret')],
  ['a file up, encoded twice', 404, about('/files/%252e%252e%252fsecret')],
  ['a null character', 404, about('/files/a%00b')],
  ['an encoding that is none', 404, about('/files/%E0%A4%A')],
  ['a line separator', 404, about('/files/a%E2%80%A8b')],
  ['a name longer than any', 404, about(`/files/${'a'.repeat(1_020)}`)],
  ['a name longer than any in bytes', 404, about(`/files/${'%C3%BC'.repeat(800)}`)],
  ['a log from below zero', 400, about('/logs?cursor=-1')],
  ['a log from beyond all', 400, about('/logs?cursor=99999999999999999999')],
  ['a cursor of somebody’s making', 400, about(`/audit?next=${'x'.repeat(3_000)}`)],
  ['a job with a quote', 404, get("/jobs/jg-'%20or%201=1")],
  ['a job in capitals', 404, get(`/jobs/JG-${'A'.repeat(26)}`)],
  ['a template up', 404, get('/templates/..%2fpreprocess')],
  ['a template of every object', 404, get('/templates/constructor')],
];
