import { hash } from 'node:crypto';
import type { JobRecord } from './job.ts';

/** Version of the label scheme below; the value of the label `jobgate`. */
const SCHEME = 'v1';

/** The labels that every job of a deployment has upstream. */
export function toDeploymentLabels(deployment: string): Readonly<Record<string, string>> {
  return { jobgate: SCHEME, 'jg-deployment': deployment };
}

/**
 * The labels by which a batch names its record: for the bill, for people in Google's console and for adopting.
 * Values begin with a letter and have at most 63 characters. Source: docs/architecture.md.
 */
export function toUpstreamLabels(
  record: Pick<
    JobRecord,
    'submittedBy' | 'template' | 'templateVersion' | 'correlationId' | 'fingerprint'
  >,
  deployment: string,
): Readonly<Record<string, string>> {
  return {
    ...toDeploymentLabels(deployment),
    'jg-caller': `c-${shortHash(`${record.submittedBy.issuer}\n${record.submittedBy.subject}`)}`,
    'jg-template': record.template,
    'jg-version': `v${record.templateVersion.replaceAll(/[^a-z0-9]/g, '-')}`.slice(0, 63),
    'jg-correlation': `c-${record.correlationId}`.slice(0, 63),
    'jg-request': `r-${record.fingerprint.slice(0, 40)}`,
  };
}

function shortHash(text: string): string {
  return hash('sha256', text).slice(0, 32);
}
