import { randomUUID } from 'node:crypto';
import { parseDate, toTimestamp } from '../api/timestamp.ts';
import type { PlainMessage } from '../api/transcoding.ts';
import type { Kept } from './register.ts';
import { parseEntries, parseObject, parseText, parseWholeNumber, type Table } from '../shape.ts';

interface TemplateState {
  readonly uuid: string;
  readonly sequence: number;
  /** Resource name, in the words of who created it: it lives in a region or in a location. */
  readonly shownName: string;
  readonly createTime: Date;
  readonly updateTime: Date;
  readonly version: number;
  readonly template: Table;
  /** Versions that were instantiated, the latest ones. */
  readonly instantiated: Readonly<Record<string, Table>>;
}

/** Chosen so that a template that is changed all the time stays small. */
const maxVersionsKept = 20;
const positive = { min: 1, max: Number.MAX_SAFE_INTEGER };

/** A workflow template in all of its versions. */
export class StoredTemplate implements Kept {
  /** Resource name in a region, by which it is found. */
  readonly name: string;
  readonly requestId = undefined;
  /** It is deleted: only then may it be forgotten. */
  hasEnded = false;
  #state: TemplateState;

  constructor(name: string, state: TemplateState) {
    this.name = name;
    this.#state = state;
  }

  /** Tells it from a later template of the same name. */
  get uuid(): string {
    return this.#state.uuid;
  }

  /** Position in the order of creation. */
  get sequence(): number {
    return this.#state.sequence;
  }

  /** The present version, from 1. */
  get version(): number {
    return this.#state.version;
  }

  /** The present version, without the fields that are output only. */
  get template(): Table {
    return this.#state.template;
  }

  /** Makes the next version. */
  update(template: Table, updateTime: Date): void {
    this.#state = { ...this.#state, template, updateTime, version: this.version + 1 };
  }

  /** Notes that the present version is instantiated: it can be retrieved from then on. */
  keepVersion(): void {
    const entries = Object.entries(this.#state.instantiated).slice(-maxVersionsKept + 1);
    const instantiated = { ...Object.fromEntries(entries), [String(this.version)]: this.template };
    this.#state = { ...this.#state, instantiated };
  }

  /** Makes the google.cloud.dataproc.v1.WorkflowTemplate of a version; undefined when it is gone. */
  toMessage(version = this.version): PlainMessage | undefined {
    const { shownName, createTime, updateTime, instantiated } = this.#state;
    const template = version === this.version ? this.template : instantiated[String(version)];
    if (template === undefined) return undefined;
    return {
      ...template,
      id: this.name.replace(/^.*\//, ''),
      name: shownName,
      version,
      createTime: toTimestamp(createTime),
      updateTime: toTimestamp(updateTime),
    };
  }

  /** Makes what the next server makes it from again. */
  toDocument(): object {
    return { name: this.name, state: this.#state };
  }
}

/** Makes the first version of a template. */
export function makeTemplate(
  name: string,
  template: Table,
  options: { readonly shownName: string; readonly sequence: number; readonly now: Date },
): StoredTemplate {
  const { shownName, sequence, now } = options;
  return new StoredTemplate(name, {
    uuid: randomUUID(),
    sequence,
    shownName,
    createTime: now,
    updateTime: now,
    version: 1,
    template,
    instantiated: {},
  });
}

/** Makes a template from what `toDocument` has made. @throws ShapeError */
export function parseTemplateDocument(document: Table): StoredTemplate {
  const state = parseObject(document['state'], 'state');
  const template = new StoredTemplate(parseText(document['name'], 'name'), {
    uuid: parseText(state['uuid'], 'uuid'),
    sequence: parseWholeNumber(state['sequence'], 'sequence', positive),
    shownName: parseText(state['shownName'], 'shownName'),
    createTime: parseDate(state['createTime'], 'createTime'),
    updateTime: parseDate(state['updateTime'], 'updateTime'),
    version: parseWholeNumber(state['version'], 'version', positive),
    template: parseObject(state['template'], 'template'),
    instantiated: parseEntries(state['instantiated'], 'instantiated', parseObject),
  });
  template.hasEnded = document['deleted'] === true;
  return template;
}
