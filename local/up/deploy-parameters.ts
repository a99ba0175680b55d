import { targets, uploads, workloadIdentityProvider } from './accounts.ts';
import type { DeployParameters } from './deploy.ts';
import type { GoogleAddresses } from './servers.ts';
import type { TrustedIssuer } from './trusted-issuers.ts';

/** Names the local endpoints to the production template; every other parameter keeps its default. */
export function deployParameters(
  aws: string,
  google: GoogleAddresses,
  issuers: readonly TrustedIssuer[],
): DeployParameters {
  return {
    dataprocEndpoint: google.dataproc,
    storageEndpoint: google.storage,
    stsEndpoint: google.dataproc,
    iamCredentialsEndpoint: google.dataproc,
    issuers: JSON.stringify(issuers),
    targets: JSON.stringify(targets),
    uploads: JSON.stringify(uploads),
    workloadIdentityProvider,
    publicUrl: `${aws}/restapis/\${ApiGatewayRestApi}/local/_user_request_`,
  };
}
