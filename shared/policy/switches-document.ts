import { hasUniqueMembers } from '../config/unique-members.ts';
import {
  DENIED_MEMBERS,
  type DeniedList,
  type DeniedName,
  type Switch,
  type Switches,
} from './switches.ts';

/** The switches are not what they must be; the message says where, and never repeats what stands there. */
export class SwitchesError extends Error {
  override readonly name = 'SwitchesError';
}

/** Bytes. Source: AWS Secrets Manager, quotas, length of a secret value. */
const MAX_BYTES = 65_536;
/** Entries of all lists together: each request looks through them. */
const MAX_ENTRIES = 1_000;

const OPEN: Switch = { open: true, reason: null };

type Members = ReadonlyMap<string, unknown>;

/**
 * Reads the document of the switches; `{}` means that everything is open and nobody kept out. What is not known is a
 * fault and not passed over, because a misspelt denial would let its caller in.
 * @throws SwitchesError.
 */
export function parseSwitches(text: string): Switches {
  if (Buffer.byteLength(text) > MAX_BYTES) {
    throw new SwitchesError(`the document has more than ${MAX_BYTES} bytes`);
  }
  const members = readMembers(parseJson(text), 'the document', [
    'admission',
    'templates',
    'denied',
  ]);
  const denied = members.has('denied')
    ? readMembers(members.get('denied'), 'denied', Object.keys(DENIED_MEMBERS))
    : new Map<string, unknown>();
  const switches: Switches = {
    admission: members.has('admission') ? readSwitch(members.get('admission'), 'admission') : OPEN,
    templates: members.has('templates') ? readTemplates(members.get('templates')) : new Map(),
    denied: {
      subjects: readDenied(denied, 'subjects'),
      clients: readDenied(denied, 'clients'),
      actors: readDenied(denied, 'actors'),
      tokenIds: readDenied(denied, 'tokenIds'),
    },
  };
  const lists = Object.values(switches.denied);
  const entries = lists.reduce((sum, list) => sum + list.length, switches.templates.size);
  if (entries <= MAX_ENTRIES) return switches;
  throw new SwitchesError(`the document has more than ${MAX_ENTRIES} entries`);
}

/** Of a repeated list only the last would count, and whom the first keeps out would be let in. */
function parseJson(text: string): unknown {
  const value = parseText(text);
  if (hasUniqueMembers(text)) return value;
  throw new SwitchesError('the document repeats a member');
}

/** The parser's own message would repeat the text. */
function parseText(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    throw new SwitchesError('the document is not JSON');
  }
}

function readMembers(value: unknown, where: string, known: readonly string[]): Members {
  const members = readObject(value, where);
  for (const name of members.keys()) {
    if (known.includes(name)) continue;
    throw new SwitchesError(`${where} has a member other than ${known.join(', ')}`);
  }
  return members;
}

function readObject(value: unknown, where: string): Members {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
    return new Map(Object.entries(value));
  }
  throw new SwitchesError(`${where} must be an object`);
}

function readSwitch(value: unknown, where: string): Switch {
  const members = readMembers(value, where, ['open', 'reason']);
  const open = members.get('open');
  if (typeof open !== 'boolean') throw new SwitchesError(`${where}.open must be true or false`);
  return { open, reason: readReason(members, where) };
}

const TEMPLATE = /^[a-z][a-z0-9-]{1,40}$/;

function readTemplates(value: unknown): ReadonlyMap<string, Switch> {
  const entries = [...readObject(value, 'templates')].map(
    ([name, entry], index): [string, Switch] => {
      if (!TEMPLATE.test(name))
        throw new SwitchesError('templates has a name that no template has');
      return [name, readSwitch(entry, `templates[${index}]`)];
    },
  );
  return new Map(entries);
}

function readDenied(denied: Members, list: DeniedList): readonly DeniedName[] {
  const entries = denied.has(list) ? denied.get(list) : [];
  if (!Array.isArray(entries)) throw new SwitchesError(`denied.${list} must be a list`);
  const member = DENIED_MEMBERS[list];
  return entries.map((entry: unknown, index) => {
    const where = `denied.${list}[${index}]`;
    const members = readMembers(entry, where, ['issuer', member, 'reason']);
    return {
      issuer: readName(members.get('issuer'), `${where}.issuer`),
      name: readName(members.get(member), `${where}.${member}`),
      reason: readReason(members, where),
    };
  });
}

const MAX_NAME = 1_024;
const MAX_REASON = 300;

/** A name with a space around it would match nobody. */
function readName(value: unknown, where: string): string {
  if (typeof value === 'string' && isPlain(value, MAX_NAME)) return value;
  throw new SwitchesError(
    `${where} must be text of 1 to ${MAX_NAME} characters without spaces around it`,
  );
}

function readReason(members: Members, where: string): string | null {
  const value = members.get('reason');
  if (value === undefined) return null;
  if (typeof value === 'string' && isPlain(value, MAX_REASON)) return value;
  throw new SwitchesError(`${where}.reason must be one line of 1 to ${MAX_REASON} characters`);
}

function isPlain(text: string, most: number): boolean {
  const fits = text.length > 0 && text.length <= most && text === text.trim();
  return fits && text.isWellFormed() && !/[\p{Cc}\p{Zl}\p{Zp}]/u.test(text);
}
