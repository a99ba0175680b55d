import { targets, workloadIdentityProvider } from './accounts.ts';
import { audience } from './clients.ts';
import type { DeployParameters } from './deploy.ts';
import type { GoogleAddresses, IdpAddresses } from './servers.ts';

/** Names the local endpoints to the production template; every other parameter keeps its default. */
export function deployParameters(
  aws: string,
  google: GoogleAddresses,
  { issuer, jwksUri }: IdpAddresses,
): DeployParameters {
  const trust = {
    name: 'local',
    kind: 'rfc9068',
    issuer,
    audience,
    jwksUri,
    algorithms: ['RS256'],
  };
  return {
    dataprocEndpoint: google.dataproc,
    storageEndpoint: google.storage,
    stsEndpoint: google.dataproc,
    iamCredentialsEndpoint: google.dataproc,
    issuers: JSON.stringify([trust]),
    targets: JSON.stringify(targets),
    workloadIdentityProvider,
    publicUrl: `${aws}/restapis/\${ApiGatewayRestApi}/local/_user_request_`,
  };
}
