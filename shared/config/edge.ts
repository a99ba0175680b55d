import { checkUrl, LOCAL_STAGE, readCore, type CoreConfig } from './core.ts';
import { Reader, type Environment } from './reader.ts';

/** What every answer needs to know about the deployment. */
export interface EdgeConfig extends CoreConfig {
  /** Origins whose pages may read answers; empty keeps CORS off. */
  readonly corsOrigins: readonly string[];
}

/** More would not fit a browser client's needs, and each is one comparison per request. Ours. */
const MOST_ORIGINS = 20;

/** Reads {@link EdgeConfig}. @throws ConfigError naming every fault. */
export function readEdgeConfig(environment: Environment): EdgeConfig {
  const reader = new Reader(environment);
  const core = readCore(reader);
  return reader.finish({ ...core, corsOrigins: readOrigins(reader, core.stage) });
}

/**
 * Exact origins, comma-separated: https, or http on 127.0.0.1 on the local stage. A pattern such as `*` is a fault.
 * Source: RFC 6454 section 7; Fetch Standard, CORS protocol.
 */
function readOrigins(reader: Reader, stage: string): readonly string[] {
  const name = 'JOBGATE_CORS_ORIGINS';
  const value = reader.environment[name] ?? '';
  const origins = value === '' ? [] : value.split(',').map((origin) => origin.trim());
  if (origins.length > MOST_ORIGINS) {
    reader.faults.push(`${name} lists more than ${MOST_ORIGINS} origins`);
  }
  for (const [index, origin] of origins.entries()) {
    const isExact = /^https?:\/\/[a-z0-9.-]+(:\d{1,5})?$/.test(origin);
    if (!isExact || URL.parse(origin)?.origin !== origin) {
      const onStage = stage === LOCAL_STAGE ? ' or http://127.0.0.1:8080' : '';
      reader.faults.push(`${name}[${index}] must be an origin like https://app.example${onStage}`);
    } else checkUrl(reader, { name: `${name}[${index}]`, value: origin, stage });
  }
  return origins;
}
