import { ApiError } from '../api/api-error.ts';
import { takePage } from './page.ts';
import { regionOf, requireParent } from './place.ts';
import { type Counter, Register } from './register.ts';
import { invalid, numberOf, refuseMisshapen, textOr } from './request-fields.ts';
import { makeTemplate, parseTemplateDocument, type StoredTemplate } from './stored-template.ts';
import { checkTemplate, checkTemplateId } from './workflow-template.ts';
import type { GoogleConfiguration } from '../configuration.ts';
import type { Implementations } from '../identity/implementation.ts';
import type { Permissions } from '../identity/permissions.ts';
import type { Principal } from '../identity/tokens.ts';
import type { PlainMessage } from '../api/transcoding.ts';
import { parseObject, type Table } from '../shape.ts';
import type { Shelf } from '../state/shelf.ts';

/** What the workflow templates need. */
interface WorkflowTemplatesOptions {
  readonly configuration: GoogleConfiguration;
  readonly permissions: Permissions;
  readonly counter: Counter;
  readonly shelf: Shelf;
  readonly now: () => Date;
}

/** The page size is not documented: inferred. */
const page = { byDefault: 100, max: 1000 };
const outputOnly = ['id', 'name', 'version', 'createTime', 'updateTime'];

type Verb = 'create' | 'get' | 'list' | 'update' | 'delete' | 'instantiate';

/** The workflow templates of the one project and region, which several versions follow in. */
export class WorkflowTemplates {
  readonly #options: WorkflowTemplatesOptions;
  readonly #register: Register<StoredTemplate>;

  constructor(options: WorkflowTemplatesOptions) {
    this.#options = options;
    this.#register = new Register({ ...options, kind: 'workflow templates' });
  }

  /** Takes back what an earlier server left. @throws ShapeError */
  restore(): void {
    this.#register.restore(parseTemplateDocument);
  }

  /** What the RPCs of WorkflowTemplateService do that start nothing. */
  implementations(): Implementations {
    const service = 'google.cloud.dataproc.v1.WorkflowTemplateService';
    return {
      [`${service}.CreateWorkflowTemplate`]: (principal, request) =>
        this.#create(principal, request),
      [`${service}.GetWorkflowTemplate`]: (principal, request) => this.#get(principal, request),
      [`${service}.ListWorkflowTemplates`]: (principal, request) => this.#list(principal, request),
      [`${service}.UpdateWorkflowTemplate`]: (principal, request) =>
        this.#update(principal, request),
      [`${service}.DeleteWorkflowTemplate`]: (principal, request) =>
        this.#delete(principal, request),
    };
  }

  /**
   * Finds the template that a request names and notes that it is instantiated. That a version which
   * is not the present one is ABORTED is inferred from https://google.aip.dev/154.
   * @throws ApiError
   */
  take(principal: Principal, request: PlainMessage): StoredTemplate {
    const template = this.#find(principal, 'instantiate', textOr(request, 'name', ''));
    checkVersion(template, numberOf(request, 'version'));
    template.keepVersion();
    this.#register.save(template);
    return template;
  }

  #create(principal: Principal, request: PlainMessage): PlainMessage {
    const { counter, now } = this.#options;
    const parent = this.#requireParent(principal, 'create', request);
    const { id, template } = parseTemplate(request);
    const name = this.#nameOf(id);
    if (this.#register.find(name) !== undefined)
      throw new ApiError('ALREADY_EXISTS', `Already exists: Workflow template ${name}`);
    const shownName = `${parent}/workflowTemplates/${id}`;
    const options = { shownName, sequence: counter.next(), now: now() };
    const stored = makeTemplate(name, template, options);
    this.#register.add(stored);
    return show(stored);
  }

  #get(principal: Principal, request: PlainMessage): PlainMessage {
    const template = this.#find(principal, 'get', textOr(request, 'name', ''));
    return show(template, numberOf(request, 'version'));
  }

  #list(principal: Principal, request: PlainMessage): PlainMessage {
    this.#requireParent(principal, 'list', request);
    const { items, nextPageToken } = takePage(this.#register.newestFirst(), request, page);
    return { templates: items.map((template) => show(template)), nextPageToken };
  }

  #update(principal: Principal, request: PlainMessage): PlainMessage {
    const asked = refuseMisshapen(() => parseObject(request['template'], 'template'));
    const stored = this.#find(principal, 'update', textOr(asked, 'name', ''));
    const id = stored.name.replace(/^.*\//, '');
    const { template } = parseTemplate({ template: { ...asked, id } });
    const version = numberOf(asked, 'version');
    if (version === 0) throw invalid('The template needs the version that it replaces.');
    checkVersion(stored, version);
    stored.update(template, this.#options.now());
    this.#register.save(stored);
    return show(stored);
  }

  #delete(principal: Principal, request: PlainMessage): PlainMessage {
    const template = this.#find(principal, 'delete', textOr(request, 'name', ''));
    checkVersion(template, numberOf(request, 'version'));
    template.hasEnded = true;
    this.#register.delete(template);
    return {};
  }

  #requireParent(principal: Principal, verb: Verb, request: PlainMessage): string {
    const parent = textOr(request, 'parent', '');
    requireParent(this.#options.configuration, parent);
    this.#options.permissions.require(principal, `dataproc.workflowTemplates.${verb}`, parent);
    return parent;
  }

  #find(principal: Principal, verb: Verb, name: string): StoredTemplate {
    const [, parent = '', id = ''] = /^(.*)\/workflowTemplates\/([^/]*)$/.exec(name) ?? [];
    requireParent(this.#options.configuration, parent);
    this.#options.permissions.require(principal, `dataproc.workflowTemplates.${verb}`, name);
    const template = this.#register.find(this.#nameOf(id));
    if (template === undefined)
      throw new ApiError('NOT_FOUND', `Not found: Workflow template ${name}`);
    return template;
  }

  #nameOf(id: string): string {
    return `${regionOf(this.#options.configuration)}/workflowTemplates/${id}`;
  }
}

/** Parses the template of a request, without what is output only. @throws ApiError */
function parseTemplate(request: PlainMessage): { readonly id: string; readonly template: Table } {
  return refuseMisshapen(() => {
    if (request['template'] === undefined) throw invalid('Template is required.');
    const asked = parseObject(request['template'], 'template');
    const id = textOr(asked, 'id', '');
    checkTemplateId(id);
    checkTemplate(asked);
    const entries = Object.entries(asked).filter(([key]) => !outputOnly.includes(key));
    return { id, template: Object.fromEntries(entries) };
  });
}

/** A version that is not given is any. */
function checkVersion(template: StoredTemplate, version: number): void {
  if (version !== 0 && version !== template.version)
    throw new ApiError(
      'ABORTED',
      `The workflow template ${template.name} has version ${template.version}, not ${version}.`,
    );
}

function show(template: StoredTemplate, version = 0): PlainMessage {
  const message = template.toMessage(version === 0 ? template.version : version);
  if (message !== undefined) return message;
  throw new ApiError(
    'NOT_FOUND',
    `Not found: Version ${version} of workflow template ${template.name}`,
  );
}
