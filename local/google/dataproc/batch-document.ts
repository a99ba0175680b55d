import { randomUUID } from 'node:crypto';
import { parseDate } from '../api/timestamp.ts';
import {
  parseBoolean,
  parseList,
  parseObject,
  parseTable,
  parseText,
  parseWholeNumber,
  ShapeError,
  type Table,
} from '../shape.ts';

const states = ['PENDING', 'RUNNING', 'CANCELLING', 'CANCELLED', 'SUCCEEDED', 'FAILED'] as const;

/** The states of a batch, in the words of Batch.State. */
export type BatchState = (typeof states)[number];

/** One entry of a batch's history, or its present. */
export interface Stage {
  readonly state: BatchState;
  readonly message: string;
  readonly since: Date;
}

/** What a batch gets when it is made. */
export interface BatchIdentity {
  readonly creator: string;
  readonly operation: string;
  readonly stagingBucket: string;
  readonly createTime: Date;
  /** Position in the order of creation. */
  readonly sequence: number;
}

/** What happens to a batch between its creation and its end. */
export interface BatchProgress {
  readonly uuid: string;
  readonly stages: readonly Stage[];
  readonly operationForgotten: boolean;
}

/** Makes the progress of a batch that was just created. */
export function makeProgress(createTime: Date): BatchProgress {
  return {
    uuid: randomUUID(),
    stages: [{ state: 'PENDING', message: '', since: createTime }],
    operationForgotten: false,
  };
}

/** Parses what `toDocument` has made. @throws ShapeError */
export function parseBatchDocument(document: Table): {
  request: Table;
  identity: BatchIdentity;
  progress: BatchProgress;
} {
  const progress = parseObject(document['progress'], 'progress');
  return {
    request: parseObject(document['request'], 'request'),
    identity: parseIdentity(parseObject(document['identity'], 'identity')),
    progress: {
      uuid: parseText(progress['uuid'], 'uuid'),
      stages: parseList(progress['stages'], 'stages', parseStage),
      operationForgotten: parseBoolean(progress['operationForgotten'], 'operationForgotten'),
    },
  };
}

function parseIdentity(identity: Table): BatchIdentity {
  return {
    creator: parseText(identity['creator'], 'creator'),
    operation: parseText(identity['operation'], 'operation'),
    stagingBucket: parseText(identity['stagingBucket'], 'stagingBucket'),
    createTime: parseDate(identity['createTime'], 'createTime'),
    sequence: parseWholeNumber(identity['sequence'], 'sequence', {
      min: 1,
      max: Number.MAX_SAFE_INTEGER,
    }),
  };
}

function parseStage(value: unknown, where: string): Stage {
  const table = parseTable(value, where, ['state', 'message', 'since']);
  const state = states.find((known) => known === table['state']);
  if (state === undefined) throw new ShapeError(`${where}.state is not a state of a batch`);
  const since = parseDate(table['since'], `${where}.since`);
  return { state, message: String(table['message']), since };
}
