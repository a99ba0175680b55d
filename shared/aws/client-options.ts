import type { AwsCredentialsSource } from './signed-request.ts';

/** Where an official client of AWS calls, and as whom. */
export interface ClientPlace {
  readonly region: string;
  /** Replaces the service's address; null means AWS's own. */
  readonly endpoint: string | null;
  readonly credentials: AwsCredentialsSource;
}

/** What every official client of AWS is made with. */
export interface ClientOptions {
  readonly region: string;
  readonly maxAttempts: number;
  readonly endpoint?: string;
  readonly credentials: () => Promise<ClientKeys>;
}

interface ClientKeys {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
}

/** Attempts of a client in all; it pauses with jitter between them. */
const ATTEMPTS = 3;

/** The options of an official client, which is used off the hot path alone. */
export function toClientOptions({ region, endpoint, credentials }: ClientPlace): ClientOptions {
  return {
    region,
    maxAttempts: ATTEMPTS,
    ...(endpoint === null ? {} : { endpoint }),
    credentials: () => {
      const { sessionToken, ...keys } = credentials();
      return Promise.resolve(sessionToken === undefined ? keys : { ...keys, sessionToken });
    },
  };
}
