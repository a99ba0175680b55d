import { type CanonicalCode, canonicalCodes } from '../api/api-error.ts';
import type { Cluster } from './cluster.ts';
import { parseDate } from '../api/timestamp.ts';
import { textsByName } from './request-fields.ts';
import {
  orNull,
  parseBoolean,
  parseList,
  parseObject,
  parseText,
  parseWholeNumber,
  ShapeError,
  type Table,
} from '../shape.ts';

const nodeStates = ['BLOCKED', 'RUNNABLE', 'RUNNING', 'COMPLETED', 'FAILED'] as const;

/** The states of a step, in the words of WorkflowNode.NodeState. */
type NodeState = (typeof nodeStates)[number];

/** How far one step is. */
export interface Node {
  readonly stepId: string;
  readonly state: NodeState;
  /** Empty until its job is submitted. */
  readonly jobId: string;
  readonly error: string;
}

/** Why a workflow does not go on. */
export interface Stop {
  readonly code: CanonicalCode;
  readonly message: string;
}

/** What a workflow gets when it is made. */
export interface WorkflowIdentity {
  readonly uuid: string;
  readonly operation: string;
  readonly sequence: number;
  readonly creator: string;
  readonly requestId: string | undefined;
  /** Resource name and version of the template that it was made from. */
  readonly templateName: string;
  readonly version: number;
  /** The template with the values of its parameters. */
  readonly template: Table;
  readonly parameters: Readonly<Record<string, string>>;
  readonly startTime: Date;
  /** The cluster that it manages; null when it selects one. */
  readonly cluster: Cluster | null;
}

/** What happens to a workflow between its start and its end. */
export interface WorkflowProgress {
  readonly nodes: readonly Node[];
  readonly stop: Stop | null;
  /** When its first job was submitted. */
  readonly dagStartTime: Date | null;
  readonly endTime: Date | null;
  readonly operationForgotten: boolean;
}

const positive = { min: 1, max: Number.MAX_SAFE_INTEGER };

/** Parses the document of a workflow. @throws ShapeError */
export function parseWorkflowDocument(document: Table): {
  identity: WorkflowIdentity;
  progress: WorkflowProgress;
} {
  const progress = parseObject(document['progress'], 'progress');
  return {
    identity: parseIdentity(parseObject(document['identity'], 'identity')),
    progress: {
      nodes: parseList(progress['nodes'], 'nodes', parseNode),
      stop: orNull(progress['stop'], 'stop', parseStop),
      dagStartTime: orNull(progress['dagStartTime'], 'dagStartTime', parseDate),
      endTime: orNull(progress['endTime'], 'endTime', parseDate),
      operationForgotten: parseBoolean(progress['operationForgotten'], 'operationForgotten'),
    },
  };
}

function parseIdentity(identity: Table): WorkflowIdentity {
  const { requestId } = identity;
  return {
    uuid: parseText(identity['uuid'], 'uuid'),
    operation: parseText(identity['operation'], 'operation'),
    sequence: parseWholeNumber(identity['sequence'], 'sequence', positive),
    creator: parseText(identity['creator'], 'creator'),
    requestId: requestId === undefined ? undefined : parseText(requestId, 'requestId'),
    templateName: parseText(identity['templateName'], 'templateName'),
    version: parseWholeNumber(identity['version'], 'version', positive),
    template: parseObject(identity['template'], 'template'),
    parameters: textsByName(identity, 'parameters'),
    startTime: parseDate(identity['startTime'], 'startTime'),
    cluster: orNull(identity['cluster'], 'cluster', parseCluster),
  };
}

function parseCluster(value: unknown, where: string): Cluster {
  const table = parseObject(value, where);
  return {
    name: parseText(table['name'], `${where}.name`),
    uuid: parseText(table['uuid'], `${where}.uuid`),
    stagingBucket: parseText(table['stagingBucket'], `${where}.stagingBucket`),
    serviceAccount: parseText(table['serviceAccount'], `${where}.serviceAccount`),
    labels: textsByName(table, 'labels'),
    properties: textsByName(table, 'properties'),
    createTime: parseDate(table['createTime'], `${where}.createTime`),
    sequence: parseWholeNumber(table['sequence'], `${where}.sequence`, positive),
  };
}

function parseNode(value: unknown, where: string): Node {
  const table = parseObject(value, where);
  const state = nodeStates.find((known) => known === table['state']);
  if (state === undefined) throw new ShapeError(`${where}.state is not a state of a step`);
  return {
    stepId: parseText(table['stepId'], `${where}.stepId`),
    state,
    jobId: String(table['jobId']),
    error: String(table['error']),
  };
}

function parseStop(value: unknown, where: string): Stop {
  const table = parseObject(value, where);
  const { code } = table;
  if (!isCanonicalCode(code)) throw new ShapeError(`${where}.code is not a canonical code`);
  return { code, message: String(table['message']) };
}

function isCanonicalCode(value: unknown): value is CanonicalCode {
  return typeof value === 'string' && Object.hasOwn(canonicalCodes, value);
}
