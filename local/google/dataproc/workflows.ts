import { randomBytes, randomUUID } from 'node:crypto';
import { takeAccount, takeBucket } from './account-and-bucket.ts';
import type { Cluster } from './cluster.ts';
import type { Clusters } from './clusters.ts';
import type { Jobs } from './jobs.ts';
import type { LongRunning } from './long-running.ts';
import { parseManagedCluster } from './managed-cluster.ts';
import type { Operations } from './operations.ts';
import { regionOf, requireParent } from './place.ts';
import { type Counter, Register } from './register.ts';
import {
  invalid,
  parseRequestId,
  refuseMisshapen,
  textOr,
  textsByName,
  toRequestKey,
} from './request-fields.ts';
import { applyParameters } from './template-parameters.ts';
import { type Labels, toWorkflowLabels, Workflow } from './workflow.ts';
import { parseWorkflowDocument } from './workflow-document.ts';
import { WorkflowEngine } from './workflow-engine.ts';
import { checkTemplate, checkTemplateId, readPlacement } from './workflow-template.ts';
import type { WorkflowTemplates } from './workflow-templates.ts';
import type { StartTimer } from '../clock.ts';
import type { GoogleConfiguration } from '../configuration.ts';
import type { Implementations } from '../identity/implementation.ts';
import type { Permissions } from '../identity/permissions.ts';
import { nameOf, type Principal } from '../identity/tokens.ts';
import type { PlainMessage } from '../api/transcoding.ts';
import { parseObject, type Table } from '../shape.ts';
import type { Shelf } from '../state/shelf.ts';

/** What the workflows need. */
interface WorkflowsOptions {
  readonly configuration: GoogleConfiguration;
  readonly permissions: Permissions;
  readonly templates: WorkflowTemplates;
  readonly jobs: Jobs;
  readonly clusters: Clusters;
  readonly counter: Counter;
  readonly shelf: Shelf;
  readonly now: () => Date;
  readonly startTimer: StartTimer;
}

/** What a workflow is made from. */
interface Origin {
  readonly name: string;
  readonly version: number;
  readonly template: Table;
  readonly parameters: Readonly<Record<string, string>>;
}

/** The running and ended instances of workflow templates. */
export class Workflows {
  readonly #options: WorkflowsOptions;
  readonly #register: Register<Workflow>;
  readonly #engine: WorkflowEngine;

  constructor(options: WorkflowsOptions) {
    this.#options = options;
    const { configuration, jobs, clusters, now, startTimer } = options;
    const { project } = configuration;
    this.#register = new Register({ ...options, kind: 'workflows' });
    this.#engine = new WorkflowEngine({ project, jobs, clusters, now, startTimer });
  }

  /** Takes back what an earlier server left; what it returns lets it go on. @throws ShapeError */
  restore(): () => void {
    const workflows = this.#register.restore((document) => {
      const { identity, progress } = parseWorkflowDocument(document);
      return new Workflow(identity, this.#save, progress);
    });
    return () => {
      for (const workflow of workflows) if (!workflow.hasEnded) this.#engine.run(workflow);
    };
  }

  /** What the RPCs of WorkflowTemplateService do that start a workflow. */
  implementations(operations: Operations): Implementations {
    const service = 'google.cloud.dataproc.v1.WorkflowTemplateService';
    const answer = (workflow: Workflow) => operations.toMessage(this.#toOperation(workflow));
    return {
      [`${service}.InstantiateWorkflowTemplate`]: (principal, request) =>
        answer(this.#instantiate(principal, request)),
      [`${service}.InstantiateInlineWorkflowTemplate`]: (principal, request) =>
        answer(this.#instantiateInline(principal, request)),
    };
  }

  /** The long-running operations of workflows, from the newest on. */
  operations(): readonly LongRunning[] {
    return this.#register
      .everNewestFirst()
      .filter(({ operationForgotten }) => !operationForgotten)
      .map((workflow) => this.#toOperation(workflow));
  }

  /** Finds a long-running operation by its name. */
  findOperation(name: string): LongRunning | undefined {
    const workflow = this.#register.find(name);
    if (workflow === undefined || workflow.operationForgotten) return undefined;
    return this.#toOperation(workflow);
  }

  #instantiate(principal: Principal, request: PlainMessage): Workflow {
    const { name, version, template } = this.#options.templates.take(principal, request);
    const parameters = refuseMisshapen(() => textsByName(request, 'parameters'));
    return this.#start(principal, request, { name, version, template, parameters });
  }

  #instantiateInline(principal: Principal, request: PlainMessage): Workflow {
    const { configuration, permissions } = this.#options;
    const parent = textOr(request, 'parent', '');
    requireParent(configuration, parent);
    permissions.require(principal, 'dataproc.workflowTemplates.instantiateInline', parent);
    const template = refuseMisshapen(() => {
      if (request['template'] === undefined) throw invalid('Template is required.');
      const asked = parseObject(request['template'], 'template');
      checkTemplate(asked);
      return asked;
    });
    const id = textOr(template, 'id', `inline-${randomBytes(8).toString('hex')}`);
    checkTemplateId(id);
    const name = `${regionOf(configuration)}/workflowTemplates/${id}`;
    return this.#start(principal, request, { name, version: 1, template, parameters: {} });
  }

  /**
   * Starts a workflow, unless one with the same request id runs: that one answers then. Its request
   * id is no key for ever, as a job's is. @throws ApiError
   */
  #start(principal: Principal, request: PlainMessage, origin: Origin): Workflow {
    const { counter, now, configuration } = this.#options;
    const requestId = parseRequestId(request);
    const creator = nameOf(principal);
    const running = this.#register.findByRequestId(toRequestKey(creator, requestId));
    if (running?.hasEnded === false) return running;
    const { name: templateName, version, parameters } = origin;
    const template = refuseMisshapen(() => {
      const applied = { ...applyParameters(origin.template, parameters), parameters: [] };
      checkTemplate(applied);
      return applied;
    });
    const uuid = randomUUID();
    const identity = {
      uuid,
      operation: `${regionOf(configuration)}/operations/${randomUUID()}`,
      sequence: counter.next(),
      startTime: now(),
      cluster: this.#makeCluster(principal, template, toWorkflowLabels(uuid, templateName)),
      ...{ creator, requestId, templateName, version, template, parameters },
    };
    const workflow = new Workflow(identity, this.#save);
    this.#register.add(workflow);
    this.#engine.run(workflow);
    return workflow;
  }

  /** Whoever has a workflow make a cluster needs to act as its account. @throws ApiError */
  #makeCluster(principal: Principal, template: Table, marks: Labels): Cluster | null {
    const placement = readPlacement(template);
    if (placement.kind === 'selector') return null;
    const { configuration, counter, now } = this.#options;
    const managed = parseManagedCluster(placement.cluster);
    return {
      serviceAccount: takeAccount(principal, managed.serviceAccount, this.#options),
      stagingBucket: takeBucket(managed.stagingBucket, configuration),
      name: `${managed.prefix}-${randomBytes(7).toString('hex').slice(0, 13)}`,
      uuid: randomUUID(),
      labels: { ...textsByName(template, 'labels'), ...managed.labels, ...marks },
      properties: managed.properties,
      createTime: now(),
      sequence: counter.next(),
    };
  }

  #toOperation(workflow: Workflow): LongRunning {
    return workflow.toOperation(() => {
      this.#engine.stop(workflow, { code: 'CANCELLED', message: 'The workflow was cancelled.' });
    });
  }

  readonly #save = (workflow: Workflow): void => {
    this.#register.save(workflow);
  };
}
