import type { AwsCredentials } from '../aws/signed-request.ts';
import type { Runtime } from './runtime.ts';

/** Reads the credentials of the function's role from the environment, where Lambda puts them. */
export function readAwsCredentials(runtime: Runtime): AwsCredentials {
  const { environment } = runtime;
  return {
    accessKeyId: environment['AWS_ACCESS_KEY_ID'] ?? '',
    secretAccessKey: environment['AWS_SECRET_ACCESS_KEY'] ?? '',
    sessionToken: environment['AWS_SESSION_TOKEN'],
  };
}
