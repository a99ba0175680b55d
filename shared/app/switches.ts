import { createSecretReader } from '../aws/secrets.ts';
import { readGuardConfig } from '../config/guard.ts';
import type { Caller } from '../identity/caller.ts';
import type { Guard } from '../policy/guard.ts';
import { describeIdentity, nameCaller } from '../policy/refusal.ts';
import { decideAdmission, decideEntrance, type DeniedList } from '../policy/switches.ts';
import { Denial } from '../problem.ts';
import { readAwsCredentials } from './aws-credentials.ts';
import { openNetwork } from './network.ts';
import { once, type Runtime } from './runtime.ts';
import { createSwitchesCache, type GetSwitches } from './switches-cache.ts';

/** The half of the guard that lets callers and jobs pass. */
export type Entry = Pick<Guard, 'admit' | 'admitJob'>;

/** Builds the entry over the secret that holds the switches, when the first request arrives. */
export function buildEntry(runtime: Runtime): Entry {
  const get = once(() => {
    const config = readGuardConfig(runtime.environment);
    const { now, sleep, log } = runtime;
    const read = createSecretReader({
      region: config.region,
      endpoint: config.awsEndpoint,
      credentials: () => readAwsCredentials(runtime),
      send: openNetwork(runtime),
      now,
      sleep,
    });
    return createSwitchesCache({
      read: (deadline) => read(config.switchesSecret, deadline),
      freshMs: config.switchesFreshSeconds * 1_000,
      now,
      log,
    });
  });
  return createEntry((deadline) => get()(deadline));
}

/** Makes the entry over switches that are read when they are needed. */
export function createEntry(getSwitches: GetSwitches): Entry {
  return {
    admit: async (caller, deadline) => {
      const entrance = decideEntrance(await getSwitches(deadline), caller);
      if (entrance.kind === 'allow') return;
      const { list, rule, reason } = entrance;
      if (list === 'tokenIds') {
        throw new Denial('invalid_token', 'This token was withdrawn. Get a new one.', { rule });
      }
      throw suspend(caller, { list, rule, reason });
    },
    admitJob: async (template, deadline) => {
      const admission = decideAdmission(await getSwitches(deadline), template);
      if (admission.kind === 'open') return;
      const scope = admission.rule === 'switches.admission' ? 'Jobs' : `Jobs of ${template}`;
      throw new Denial(
        'submissions_paused',
        `${scope} cannot be started at present${explain(admission.reason)}. What runs goes on and can be watched.`,
        { rule: admission.rule, template },
        { retryAfter: PAUSE_SECONDS },
      );
    },
  };
}

/** Seconds: nobody knows how long a pause lasts; its end is seen within this time. */
const PAUSE_SECONDS = 60;

const SUSPENDED = {
  subjects: 'The access of this subject',
  clients: 'The access of this client',
  actors: 'The access of this actor',
} as const satisfies Record<Exclude<DeniedList, 'tokenIds'>, string>;

interface Suspension {
  readonly list: keyof typeof SUSPENDED;
  readonly rule: string;
  readonly reason: string | null;
}

function suspend(caller: Caller, { list, rule, reason }: Suspension): Denial {
  return new Denial(
    'access_suspended',
    `You are ${nameCaller(caller)}. ${SUSPENDED[list]} is suspended${explain(reason)}. Ask the operators of this API.`,
    { rule },
    { caller: describeIdentity(caller) },
  );
}

/** An operator's words, which go on in our sentence. */
function explain(reason: string | null): string {
  return reason === null ? '' : `: ${reason.replace(/\.$/, '')}`;
}
