import { randomUUID } from 'node:crypto';
import { createLogGroupWriter } from '../audit/log-group.ts';
import { readAuditConfig } from '../config/guard.ts';
import { describeCause } from '../log.ts';
import type { Guard } from '../policy/guard.ts';
import { readAwsCredentials } from './aws-credentials.ts';
import { openNetwork } from './network.ts';
import { once, type Runtime } from './runtime.ts';
import { buildEntry } from './switches.ts';

/** Builds the guard of a function behind the authorizer from its environment. */
export function buildGuard(runtime: Runtime): Guard {
  return { ...buildEntry(runtime), record: buildRecord(runtime) };
}

/** Builds the writer of audit records when there is one to write; a record that is not written is logged as an error. */
export function buildRecord(runtime: Runtime): Guard['record'] {
  const { environment, now, sleep, log } = runtime;
  const write = once(() => {
    const { auditLogGroup, region, awsEndpoint } = readAuditConfig(environment);
    return createLogGroupWriter({
      logGroup: auditLogGroup,
      logStream: `${environment['AWS_LAMBDA_FUNCTION_NAME'] ?? 'jobgate'}/${randomUUID()}`,
      region,
      endpoint: awsEndpoint,
      credentials: () => readAwsCredentials(runtime),
      send: openNetwork(runtime),
      now,
      sleep,
    });
  });
  return async (record, deadline) => {
    try {
      await write()(record, deadline);
    } catch (error) {
      const { action, decision, rule, requestId, correlationId } = record;
      const about = { action, decision, rule, requestId, correlationId };
      log.write('error', 'unrecorded', { ...about, cause: describeCause(error) });
      throw error;
    }
  };
}
