import {
  BatchControllerClient,
  ClusterControllerClient,
  JobControllerClient,
  WorkflowTemplateServiceClient,
} from '@google-cloud/dataproc';
import { type CallCredentials, ChannelCredentials, credentials, Metadata } from '@grpc/grpc-js';
import { type AuthClient, GoogleAuth, OAuth2Client, PassThroughClient } from 'google-auth-library';

/** How an official client reaches the local Google, whichever service it is for. */
export type ClientOptions = NonNullable<ConstructorParameters<typeof BatchControllerClient>[0]>;

/** Google's own clients of Dataproc, all by one transport and with one token. */
export interface OfficialClients {
  readonly jobs: JobControllerClient;
  readonly batches: BatchControllerClient;
  readonly clusters: ClusterControllerClient;
  readonly workflows: WorkflowTemplateServiceClient;
  /** Ends their connections. */
  readonly close: () => Promise<void>;
}

/** Makes the clients that speak gRPC; `google` is the address in the ready line. */
export function makeGrpcClients(google: string, token?: string): OfficialClients {
  return makeClients(makeGrpcOptions(google, token));
}

/** Makes the clients that speak REST; `google` is the address in the ready line. */
export function makeRestClients(google: string, token?: string): OfficialClients {
  return makeClients(makeRestOptions(google, token));
}

/** Makes the options with which a client of Google speaks gRPC to the local Google. */
export function makeGrpcOptions(google: string, token?: string): ClientOptions {
  const sslCreds = new PlainTextCredentials(token);
  return { ...makeCommonOptions(google, token), sslCreds };
}

/** Makes the options with which a client of Google speaks REST to the local Google. */
export function makeRestOptions(google: string, token?: string): ClientOptions {
  return { ...makeCommonOptions(google, token), fallback: true, protocol: 'http' };
}

/** Without an `auth` that knows its universe a client asks the metadata server for it. */
function makeCommonOptions(google: string, token: string | undefined): ClientOptions {
  const { hostname, port } = new URL(google);
  const auth: unknown = new GoogleAuth({ authClient: makeAuthClient(token) });
  return {
    apiEndpoint: hostname,
    port: Number(port),
    projectId: 'local',
    // The clients carry a google-auth-library of their own, whose types differ by identity alone.
    auth: auth as NonNullable<ClientOptions['auth']>,
  };
}

function makeAuthClient(token: string | undefined): AuthClient {
  if (token === undefined) return new PassThroughClient();
  const client = new OAuth2Client();
  client.setCredentials({ access_token: token, expiry_date: Date.now() + 3_600_000 });
  return client;
}

function makeClients(options: ClientOptions): OfficialClients {
  const jobs = new JobControllerClient(options);
  const batches = new BatchControllerClient(options);
  const clusters = new ClusterControllerClient(options);
  const workflows = new WorkflowTemplateServiceClient(options);
  const close = async () => {
    await Promise.all([jobs, batches, clusters, workflows].map((client) => client.close()));
  };
  return { jobs, batches, clusters, workflows, close };
}

/** Sends a token without TLS, which grpc-js does not compose by itself. */
class PlainTextCredentials extends ChannelCredentials {
  readonly #inner = credentials.createInsecure();
  readonly #token: CallCredentials | undefined;

  constructor(token: string | undefined) {
    super();
    if (token === undefined) return;
    this.#token = credentials.createFromMetadataGenerator((_, done) => {
      const metadata = new Metadata();
      metadata.set('authorization', `Bearer ${token}`);
      done(null, metadata);
    });
  }

  override _isSecure(): boolean {
    return false;
  }

  override _equals(other: ChannelCredentials): boolean {
    return other === this;
  }

  override _createSecureConnector(
    ...[target, options]: Parameters<ChannelCredentials['_createSecureConnector']>
  ): ReturnType<ChannelCredentials['_createSecureConnector']> {
    return this.#inner._createSecureConnector(target, options, this.#token);
  }
}
