import { Reader, type Environment } from './reader.ts';

/** What every function needs. */
export interface CoreConfig {
  readonly stage: string;
  readonly version: string;
  /** Base of every link, without a trailing slash, including the stage when there is no custom domain. */
  readonly publicUrl: string;
}

/** Reads {@link CoreConfig}. @throws ConfigError naming every fault. */
export function readCoreConfig(environment: Environment): CoreConfig {
  const reader = new Reader(environment);
  return reader.finish(readCore(reader));
}

export const LOCAL_STAGE = 'local';

/** Source: AWS General Reference, service endpoints. */
export const AWS_REGION = /^[a-z]{2}(-[a-z]+)+-\d$/;

export function readCore(reader: Reader): CoreConfig {
  const stage = reader.text('JOBGATE_STAGE', /^[a-z][a-z0-9-]{1,20}$/);
  const publicUrl = reader.text('JOBGATE_PUBLIC_URL');
  checkUrl(reader, { name: 'JOBGATE_PUBLIC_URL', value: publicUrl, stage });
  if (publicUrl.endsWith('/')) reader.faults.push('JOBGATE_PUBLIC_URL must not end in a slash');
  return { stage, version: reader.text('JOBGATE_VERSION', /^[\w.-]{1,40}$/), publicUrl };
}

/** Plain http is for the local stage and loopback only. */
export function checkUrl(
  reader: Reader,
  url: { name: string; value: string; stage: string },
): void {
  if (url.value === '') return;
  const parsed = URL.parse(url.value);
  if (parsed?.protocol === 'https:') return;
  const loopback = parsed?.hostname === '127.0.0.1' && parsed.protocol === 'http:';
  if (loopback && url.stage === LOCAL_STAGE) return;
  reader.faults.push(
    `${url.name} must be an https URL (http on 127.0.0.1 only on the local stage)`,
  );
}
