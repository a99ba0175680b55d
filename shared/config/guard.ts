import { AWS_REGION, readCore, type CoreConfig } from './core.ts';
import { readOverride } from './endpoints.ts';
import { Reader, type Environment } from './reader.ts';

/** What a function needs that writes or reads the audit. */
export interface AuditConfig extends CoreConfig {
  readonly region: string;
  /** Replaces every AWS service's address; null means AWS's own. */
  readonly awsEndpoint: string | null;
  /** Name of the CloudWatch log group that holds the audit records. */
  readonly auditLogGroup: string;
}

/** What every function behind the authorizer needs: where decisions are recorded, and who is kept out. */
export interface GuardConfig extends AuditConfig {
  /** Name or ARN of the secret that holds the switches. */
  readonly switchesSecret: string;
  /** For how long the switches are served without another look; 1 to 30. */
  readonly switchesFreshSeconds: number;
}

/** Reads {@link AuditConfig}. @throws ConfigError naming every fault. */
export function readAuditConfig(environment: Environment): AuditConfig {
  const reader = new Reader(environment);
  return reader.finish(readAudit(reader));
}

/** Reads {@link GuardConfig}. @throws ConfigError naming every fault. */
export function readGuardConfig(environment: Environment): GuardConfig {
  const reader = new Reader(environment);
  return reader.finish({
    ...readAudit(reader),
    switchesSecret: reader.text('JOBGATE_SWITCHES_SECRET', /^[\w/+=.@:-]{1,2048}$/),
    switchesFreshSeconds: Number(
      reader.text('JOBGATE_SWITCHES_FRESH_SECONDS', /^([1-9]|[12]\d|30)$/),
    ),
  });
}

function readAudit(reader: Reader): AuditConfig {
  const core = readCore(reader);
  return {
    ...core,
    region: reader.text('AWS_REGION', AWS_REGION),
    awsEndpoint: readOverride(reader, core.stage, 'aws'),
    auditLogGroup: reader.text('JOBGATE_AUDIT_LOG_GROUP', /^[\w./#-]{1,512}$/),
  };
}
