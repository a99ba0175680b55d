import type { Place } from './place.ts';

/**
 * Makes the message of a failed batch or job. Its form is that of real ones that people quote in
 * public; clients find the reason between the brackets.
 */
export function describeFailure(
  reason: string,
  subject: {
    readonly place: Place;
    readonly kind: 'batches' | 'jobs';
    readonly id: string;
    readonly outputUri: string;
  },
): string {
  const { place, kind, id, outputUri } = subject;
  const { project, region } = place;
  const console = 'https://console.cloud.google.com';
  const page =
    kind === 'batches'
      ? `${console}/dataproc/batches/${region}/${id}?project=${project}`
      : `${console}/dataproc/jobs/${id}?project=${project}&region=${region}`;
  const folder = outputUri.replace(/^gs:\/\//, '').replace(/[^/]*$/, '');
  return [
    `Job failed with message [${reason}]. Additional details can be found at:`,
    page,
    `gcloud dataproc ${kind} wait '${id}' --region '${region}' --project '${project}'`,
    `${console}/storage/browser/${folder}`,
    `${outputUri}.*`,
  ].join('\n');
}
