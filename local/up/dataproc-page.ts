import type { DataprocAddresses } from './dataproc-file.ts';
import type { DataprocOptions } from './dataproc-options.ts';

/** Says where the local Dataproc is and how to use it first. */
export function renderDataprocPage(
  { dataproc, storage, project, region, cluster, bucket }: DataprocAddresses,
  { open, state }: DataprocOptions,
): string {
  const credentials = open
    ? 'not asked for: whoever calls may do everything'
    : 'the access token in .local/dataproc.json';
  const read = `node -p "require('./.local/dataproc.json').accessToken"`;
  const token = open ? 'none' : `$(${read})`;
  const submit =
    cluster === null
      ? `batches submit pyspark job.py --deps-bucket=${bucket}`
      : `jobs submit pyspark job.py --cluster=${cluster}`;
  const kept = state ?? 'nothing; give --state <folder> to keep jobs and objects';
  return `
A local Dataproc is up. Ctrl-C ends it and every driver.

  Dataproc       ${dataproc}  (gRPC and REST)
  Cloud Storage  ${storage}
  Project        ${project}, region ${region}, cluster ${cluster ?? 'none'}, bucket gs://${bucket}
  Credentials    ${credentials}
  Kept           ${kept}
  All of it      .local/dataproc.json

With gcloud, in another terminal:

  export CLOUDSDK_API_ENDPOINT_OVERRIDES_DATAPROC=http://${dataproc}/
  export CLOUDSDK_API_ENDPOINT_OVERRIDES_STORAGE=${storage}/storage/v1/
  export CLOUDSDK_CORE_PROJECT=${project} CLOUDSDK_DATAPROC_REGION=${region}
  export CLOUDSDK_AUTH_ACCESS_TOKEN=${token}
  gcloud dataproc ${submit}

Python, Node.js and Airflow: docs/local-dataproc.md

`;
}
