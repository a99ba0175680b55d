/** Proto3 JSON of one message. */
export type Json = Readonly<Record<string, unknown>>;

/** How a call ended: with a message, the items of a list, or an error as HTTP tells it. */
export type Outcome =
  | { readonly response: Json }
  | { readonly items: readonly Json[] }
  | { readonly error: { readonly status: number; readonly message: string } };

/** Options of one call. */
export interface CallOptions {
  /** Answers a long-running operation's name instead of waiting for its result. */
  readonly wait?: false;
}

/** One of Google's own clients, driven by the names of RPCs and proto3 JSON. */
export interface OfficialClient {
  readonly call: (
    service: Service,
    method: string,
    request: Json,
    options?: CallOptions,
  ) => Promise<Outcome>;
  readonly close: () => Promise<void>;
}

/** The services of Dataproc that the local one implements. */
export type Service =
  'JobController' | 'BatchController' | 'ClusterController' | 'WorkflowTemplateService';
