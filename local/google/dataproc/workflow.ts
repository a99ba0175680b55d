import { type LongRunning, type OperationEnd, packageName } from './long-running.ts';
import type { Kept } from './register.ts';
import { textsByName, toRequestKey } from './request-fields.ts';
import { toTimestamp } from '../api/timestamp.ts';
import type { Node, Stop, WorkflowIdentity, WorkflowProgress } from './workflow-document.ts';
import { readDagTimeout, readSteps, type Step } from './workflow-template.ts';
import type { PlainMessage } from '../api/transcoding.ts';

/** Labels by their keys. */
export type Labels = Readonly<Record<string, string>>;

/** Makes the labels by which Dataproc marks what belongs to a workflow. */
export function toWorkflowLabels(uuid: string, templateName: string): Labels {
  return {
    'goog-dataproc-workflow-instance-id': uuid,
    'goog-dataproc-workflow-template-id': templateName.replace(/^.*\//, ''),
  };
}

/** One instance of a workflow template, from its start to its end. */
export class Workflow implements Kept {
  readonly identity: WorkflowIdentity;
  readonly steps: readonly Step[];
  readonly #changed: (workflow: Workflow) => void;
  #progress: WorkflowProgress;

  constructor(
    identity: WorkflowIdentity,
    changed: (workflow: Workflow) => void,
    progress?: WorkflowProgress,
  ) {
    this.identity = identity;
    this.steps = readSteps(identity.template);
    this.#changed = changed;
    this.#progress = progress ?? makeProgress(this.steps);
  }

  /** Name of its operation, which is all that there is of it for clients. */
  get name(): string {
    return this.identity.operation;
  }

  /** Marks what belongs to it. */
  get uuid(): string {
    return this.identity.uuid;
  }

  /** Position in the order of creation. */
  get sequence(): number {
    return this.identity.sequence;
  }

  /** Key of the request that started it. */
  get requestId(): string | undefined {
    return toRequestKey(this.identity.creator, this.identity.requestId);
  }

  /** Whether no step of it runs or will run. */
  get hasEnded(): boolean {
    return this.#progress.endTime !== null;
  }

  /** How far each step is, in the order of the steps. */
  get nodes(): readonly Node[] {
    return this.#progress.nodes;
  }

  /** Why it does not go on; null while it does. */
  get stop(): Stop | null {
    return this.#progress.stop;
  }

  /** Whether its operation was deleted. */
  get operationForgotten(): boolean {
    return this.#progress.operationForgotten;
  }

  /** Whether its first job was submitted. */
  get hasBegun(): boolean {
    return this.#progress.dagStartTime !== null;
  }

  /** When the time of its jobs is over; undefined when there is no limit, or no job yet. */
  get deadline(): Date | undefined {
    const seconds = readDagTimeout(this.identity.template);
    const { dagStartTime } = this.#progress;
    if (seconds === undefined || dagStartTime === null) return undefined;
    return new Date(dagStartTime.getTime() + seconds * 1000);
  }

  /** Labels of the template, and those by which Dataproc marks what belongs to the workflow. */
  get labels(): Labels {
    const { template, templateName } = this.identity;
    return { ...textsByName(template, 'labels'), ...toWorkflowLabels(this.uuid, templateName) };
  }

  /** Notes what has changed of one step. */
  setNode(stepId: string, changes: Partial<Node>): void {
    const nodes = this.nodes.map((node) =>
      node.stepId === stepId ? { ...node, ...changes } : node,
    );
    this.set({ nodes });
  }

  /** Notes what has changed, and has it written down. */
  set(changes: Partial<WorkflowProgress>): void {
    this.#progress = { ...this.#progress, ...changes };
    this.#changed(this);
  }

  /** Makes what the next server makes it from again. */
  toDocument(): object {
    return { identity: this.identity, progress: this.#progress };
  }

  /** Makes its long-running operation. */
  toOperation(cancel: () => void): LongRunning {
    return {
      name: this.name,
      sequence: this.sequence,
      createTime: this.identity.startTime,
      metadata: { type: `${packageName}.WorkflowMetadata`, message: this.#toMetadata() },
      end: this.#toEnd(),
      type: 'WORKFLOW',
      clusterName: this.identity.cluster?.name ?? '',
      labels: this.labels,
      cancel,
      forget: () => {
        this.set({ operationForgotten: true });
      },
    };
  }

  #toEnd(): OperationEnd | undefined {
    if (!this.hasEnded) return undefined;
    if (this.stop !== null) return { kind: 'error', ...this.stop };
    const response = { type: 'google.protobuf.Empty', message: {} };
    return { kind: 'response', response };
  }

  #toMetadata(): PlainMessage {
    const { templateName, version, cluster, parameters, startTime } = this.identity;
    const { endTime } = this.#progress;
    return {
      template: templateName,
      version,
      parameters,
      state: this.hasEnded ? 'DONE' : this.hasBegun ? 'RUNNING' : 'PENDING',
      startTime: toTimestamp(startTime),
      ...(endTime === null ? {} : { endTime: toTimestamp(endTime) }),
      ...(cluster === null ? {} : this.#clusterFields(cluster.name, cluster.uuid)),
      ...this.#timeoutFields(),
      graph: { nodes: this.nodes.map((node, at) => this.#toNode(node, at)) },
    };
  }

  #toNode(node: Node, at: number): PlainMessage {
    return { ...node, prerequisiteStepIds: this.steps[at]?.prerequisiteStepIds ?? [] };
  }

  /** A cluster without machines is there at once, and gone at once. */
  #clusterFields(clusterName: string, clusterUuid: string): PlainMessage {
    const operationId = (what: string) => `${this.uuid}-${what}`;
    const createCluster = { operationId: operationId('create'), done: true };
    const deleteCluster = { operationId: operationId('delete'), done: true };
    return {
      clusterName,
      clusterUuid,
      createCluster,
      ...(this.hasEnded ? { deleteCluster } : {}),
    };
  }

  #timeoutFields(): PlainMessage {
    const seconds = readDagTimeout(this.identity.template);
    if (seconds === undefined) return {};
    const { dagStartTime, endTime } = this.#progress;
    return {
      dagTimeout: { seconds: Math.floor(seconds) },
      ...(dagStartTime === null ? {} : { dagStartTime: toTimestamp(dagStartTime) }),
      ...(endTime === null ? {} : { dagEndTime: toTimestamp(endTime) }),
    };
  }
}

function makeProgress(steps: readonly Step[]): WorkflowProgress {
  const nodes = steps.map(({ stepId, prerequisiteStepIds }) => {
    const state = prerequisiteStepIds.length === 0 ? 'RUNNABLE' : 'BLOCKED';
    return { stepId, state, jobId: '', error: '' } as const;
  });
  return { nodes, stop: null, dagStartTime: null, endTime: null, operationForgotten: false };
}
