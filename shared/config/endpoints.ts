import { checkUrl, LOCAL_STAGE } from './core.ts';
import type { Reader } from './reader.ts';

/** Base URLs without a trailing slash; every one is production's unless the stage is `local`. */
export interface Endpoints {
  readonly dataproc: string | null;
  readonly storage: string;
  readonly sts: string;
  readonly iamCredentials: string;
  /** Replaces every AWS service's address; null means AWS's own. */
  readonly aws: string | null;
}

const OVERRIDES = {
  dataproc: 'JOBGATE_DATAPROC_ENDPOINT',
  storage: 'JOBGATE_STORAGE_ENDPOINT',
  sts: 'JOBGATE_STS_ENDPOINT',
  iamCredentials: 'JOBGATE_IAM_CREDENTIALS_ENDPOINT',
  aws: 'AWS_ENDPOINT_URL',
} as const satisfies Record<keyof Endpoints, string>;

/** An override on a stage that is not local would send the signed identity elsewhere: it is a fault. */
export function readOverride(reader: Reader, stage: string, key: keyof Endpoints): string | null {
  const name = OVERRIDES[key];
  const value = reader.environment[name];
  if (key === 'aws') refuseServiceEndpoints(reader);
  if (value === undefined || value === '') return null;
  if (stage !== LOCAL_STAGE) {
    reader.faults.push(`${name} may be set on the local stage only`);
  }
  checkUrl(reader, { name, value, stage });
  return value.replace(/\/+$/, '');
}

/** AWS's own clients would obey these, one for each service, unseen. Source: AWS SDKs, service-specific endpoints. */
function refuseServiceEndpoints(reader: Reader): void {
  for (const name of Object.keys(reader.environment).filter((key) =>
    /^AWS_ENDPOINT_URL_/.test(key),
  ))
    reader.faults.push(`${name.slice(0, 60)} must not be set`);
}

/** Reads {@link Endpoints}. */
export function readEndpoints(reader: Reader, stage: string): Endpoints {
  const override = (key: keyof Endpoints): string | null => readOverride(reader, stage, key);
  return {
    dataproc: override('dataproc'),
    storage: override('storage') ?? 'https://storage.googleapis.com',
    sts: override('sts') ?? 'https://sts.googleapis.com',
    iamCredentials: override('iamCredentials') ?? 'https://iamcredentials.googleapis.com',
    aws: override('aws'),
  };
}
