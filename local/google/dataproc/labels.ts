import { ApiError } from '../api/api-error.ts';

const maxLabels = 32;

/** RFC 1035 section 2.3.1: a letter, then letters, digits and hyphens, a hyphen not last. */
const pattern = /^[a-z](?:[a-z0-9-]{0,61}[a-z0-9])?$/;

/**
 * Checks the labels of one kind of resource. What Dataproc accepts beyond RFC 1035 is not written
 * down, so that everything beyond it is refused: upper case, underscores, dots, a digit in front.
 * Source: https://cloud.google.com/dataproc-serverless/docs/reference/rest/v1/projects.locations.batches
 * @throws ApiError INVALID_ARGUMENT
 */
export function checkLabels(
  labels: Readonly<Record<string, string>>,
  kind: 'batch' | 'job' | 'step' | 'cluster' | 'template',
): void {
  const entries = Object.entries(labels);
  if (entries.length > maxLabels)
    throw new ApiError(
      'INVALID_ARGUMENT',
      `No more than ${maxLabels} labels can be associated with a ${kind}; there are ${entries.length}.`,
    );
  for (const [key, value] of entries) {
    if (!pattern.test(key))
      throw new ApiError(
        'INVALID_ARGUMENT',
        `Label key ${quote(key)} does not conform to RFC 1035.`,
      );
    if (value !== '' && !pattern.test(value))
      throw new ApiError(
        'INVALID_ARGUMENT',
        `Label value ${quote(value)} of ${quote(key)} does not conform to RFC 1035.`,
      );
  }
}

function quote(text: string): string {
  return JSON.stringify(text.slice(0, 80));
}
