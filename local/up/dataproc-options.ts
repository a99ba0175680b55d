import { existsSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { parseJson, parseTable, ShapeError } from '../google/shape.ts';
import { StackFailure } from './failure.ts';

/** Keys of the configuration of local/google that a file may give. */
const changeable = [
  ...['project', 'projectNumber', 'region', 'clusters', 'buckets', 'stagingBucket', 'seed'],
  ...['accounts', 'staticTokens', 'workloadIdentity', 'awsSts', 'secrets', 'quotas'],
  'batchLabelFilter',
];

/** Keys that options of the command decide, whatever a file says. */
const decided: ReadonlyMap<string, string> = new Map([
  ['checkCredentials', '--open decides'],
  ['faults', '--faults decides'],
  ['maxConcurrentRuns', '--slots decides'],
  ['ports', '--port and --storage-port decide'],
  ['stateDirectory', '--state decides'],
]);

/** What `npm run dataproc` was asked for. */
export interface DataprocOptions {
  readonly open: boolean;
  readonly faults: boolean;
  /** Absolute path of the folder that keeps what happened; undefined to keep nothing. */
  readonly state: string | undefined;
  /** 0 takes a free port. */
  readonly port: number;
  readonly storagePort: number;
  readonly slots: number;
  /** Keys of the configuration of local/google that take the place of the usual ones. */
  readonly changes: Readonly<Record<string, unknown>>;
  /** One sentence for each key of the file that is not used. */
  readonly notes: readonly string[];
}

/** Parses the arguments of the command; paths are relative to where npm was called. @throws StackFailure */
export function parseDataprocOptions(args: readonly string[], from: string): DataprocOptions {
  const values = parse(args);
  return {
    open: values.open ?? false,
    faults: values.faults ?? false,
    state: values.state === undefined ? undefined : resolve(from, values.state),
    port: parseNumber(values.port ?? '0', '--port', 65_535),
    storagePort: parseNumber(values['storage-port'] ?? '0', '--storage-port', 65_535),
    slots: parseNumber(values.slots ?? '2', '--slots', 16),
    ...(values.config === undefined ? none : readChanges(resolve(from, values.config))),
  };
}

function parse(args: readonly string[]) {
  try {
    const text = { type: 'string' } as const;
    const flag = { type: 'boolean' } as const;
    const ports = { port: text, 'storage-port': text };
    const options = { open: flag, faults: flag, state: text, slots: text, config: text, ...ports };
    return parseArgs({ args: [...args], options }).values;
  } catch (error) {
    const said = error instanceof Error ? error.message : String(error);
    throw new StackFailure(`${said.split('. ')[0] ?? said}. See: npm run dataproc -- --help`);
  }
}

function parseNumber(text: string, name: string, max: number): number {
  const value = /^\d{1,5}$/.test(text) ? Number(text) : Number.NaN;
  if (!(value <= max))
    throw new StackFailure(`${name} takes a number up to ${max}, not "${text}".`);
  return value;
}

type Changes = Pick<DataprocOptions, 'changes' | 'notes'>;

const none: Changes = { changes: {}, notes: [] };

function readChanges(file: string): Changes {
  if (!existsSync(file)) throw new StackFailure(`There is no file ${file}.`);
  try {
    const text = readFileSync(file, 'utf8');
    const keys = [...changeable, ...decided.keys()];
    const entries = Object.entries(parseTable(parseJson(text, file), file, [], keys));
    return {
      changes: Object.fromEntries(entries.filter(([key]) => !decided.has(key))),
      notes: entries.flatMap(([key]) => {
        const what = decided.get(key);
        return what === undefined ? [] : [`${file} has the key "${key}", but ${what} that.`];
      }),
    };
  } catch (error) {
    if (!(error instanceof ShapeError)) throw error;
    throw new StackFailure(`${error.message}.`, [], { cause: error });
  }
}
