import { join } from 'node:path';
import { type GoogleConfiguration, permissions } from '../google/configuration.ts';
import { parseConfiguration } from '../google/parse-configuration.ts';
import { parseList, parseText, ShapeError } from '../google/shape.ts';
import type { DataprocOptions } from './dataproc-options.ts';
import { StackFailure } from './failure.ts';
import { toFields } from './fields.ts';
import type { Run } from './runs.ts';
import type { Toolchain } from './toolchain.ts';

/** One account that may do everything; `--config` brings others. */
const owner = 'owner@local.iam.gserviceaccount.com';

/** What the local Dataproc is when nothing else is asked for; buckets and clusters are derived. */
const usual = {
  project: 'local',
  region: 'us-central1',
  projectNumber: '123456789',
  buckets: ['local-bucket'],
  // No AWS is there to ask who signed a request.
  awsSts: 'http://127.0.0.1:9',
  quotas: null,
  batchLabelFilter: false,
  seed: [],
  secrets: {},
  workloadIdentity: { audience: 'none', awsAccount: '000000000000', impersonation: {} },
} as const;

/** What the configuration names besides what was asked for. */
export interface Surroundings {
  readonly run: Run;
  readonly toolchain: Toolchain;
  readonly certificateFolder: string;
  readonly ports: GoogleConfiguration['ports'];
  readonly accessToken: string;
}

/** A configuration of local/google, as its file and as it is understood. */
export interface MadeConfiguration {
  readonly config: Readonly<Record<string, unknown>>;
  readonly configuration: GoogleConfiguration;
}

/** Makes the configuration of local/google. @throws StackFailure naming the first key at fault */
export function makeConfiguration(
  options: DataprocOptions,
  surroundings: Surroundings,
): MadeConfiguration {
  try {
    const config = fillIn(options, surroundings);
    const plain = addOwner(config, surroundings.accessToken, nothing);
    const grants = makeGrants(parseConfiguration(JSON.stringify(plain)));
    const whole = addOwner(config, surroundings.accessToken, grants);
    return { config: whole, configuration: parseConfiguration(JSON.stringify(whole)) };
  } catch (error) {
    if (!(error instanceof ShapeError)) throw error;
    throw new StackFailure(`The configuration is at fault: ${error.message}.`);
  }
}

function fillIn(
  options: DataprocOptions,
  { run, toolchain, certificateFolder, ports }: Surroundings,
): Readonly<Record<string, unknown>> {
  const asked = { ...usual, ...options.changes };
  const [stagingBucket] = parseList(asked.buckets, 'buckets', parseText);
  if (stagingBucket === undefined) throw new ShapeError('buckets must name one at least');
  const serviceAccount = toComputeAccount(parseText(asked.projectNumber, 'projectNumber'));
  return {
    stagingBucket,
    clusters: [{ name: 'local', stagingBucket, serviceAccount, labels: {} }],
    ...asked,
    ...{ toolchain, ports, stdinIsLease: true },
    dataDirectory: join(run.folder, 'google'),
    stateDirectory: options.state ?? null,
    checkCredentials: !options.open,
    maxConcurrentRuns: options.slots,
    faults: options.faults,
    tls: {
      certificate: join(certificateFolder, 'certificate.pem'),
      key: join(certificateFolder, 'key.pem'),
    },
  };
}

/** Source: https://cloud.google.com/compute/docs/access/service-accounts#default_service_account */
function toComputeAccount(projectNumber: string): string {
  return `${projectNumber}-compute@developer.gserviceaccount.com`;
}

type Grants = Readonly<Record<string, unknown>>;

const nothing: Grants = {
  ...{ permissions: [], actAs: [], read: [], write: [], sign: false },
  secrets: { access: [], manage: [] },
};

/** What an account must be granted to do everything that there is. */
function makeGrants(configuration: GoogleConfiguration): Grants {
  const { accounts, clusters, projectNumber } = configuration;
  const ofClusters = clusters.map(({ serviceAccount }) => serviceAccount);
  const everyone = [...Object.keys(accounts), ...ofClusters, toComputeAccount(projectNumber)];
  const prefixes = configuration.buckets.map((name) => `gs://${name}/`);
  const secrets = Object.keys(configuration.secrets);
  return {
    permissions,
    actAs: [...new Set(everyone)],
    read: prefixes,
    write: prefixes,
    sign: true,
    secrets: { access: secrets, manage: secrets },
  };
}

/** Accounts and tokens of the configuration that are not the owner's are kept. */
function addOwner(
  config: Readonly<Record<string, unknown>>,
  accessToken: string,
  grants: Grants,
): Readonly<Record<string, unknown>> {
  const fields = toFields(config);
  return {
    ...config,
    accounts: { ...Object.fromEntries(toFields(fields.get('accounts'))), [owner]: grants },
    staticTokens: {
      ...Object.fromEntries(toFields(fields.get('staticTokens'))),
      [accessToken]: owner,
    },
  };
}
