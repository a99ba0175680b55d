import { parseArgs } from 'node:util';
import { join } from 'node:path';
import { readTemplateSources, type TemplateSource } from './template-source.ts';

const USAGE = `Publishes the job files of every template under templates/<name>/<digest>/ in a bucket.
A file that is there already is left alone: the digest names its content.

  node tools/publish-templates.ts --bucket BUCKET [--storage https://storage.googleapis.com]

JOBGATE_PUBLISH_TOKEN holds an access token that may create objects there, for example
from \`gcloud auth print-access-token\`.
`;

/** Milliseconds one upload may take. */
const UPLOAD_TIMEOUT_MS = 60_000;

interface Destination {
  readonly storage: string;
  readonly bucket: string;
  readonly token: string;
}

/** Uploads one template's files, create-if-absent. Source: Cloud Storage JSON API, objects.insert, ifGenerationMatch. */
async function publishTemplate(source: TemplateSource, destination: Destination): Promise<void> {
  const folder = `templates/${source.name}/${source.digest.replace('sha256:', '')}`;
  for (const file of source.files) {
    const name = encodeURIComponent(`${folder}/${file.path}`);
    const query = `uploadType=media&ifGenerationMatch=0&name=${name}`;
    const url = `${destination.storage}/upload/storage/v1/b/${destination.bucket}/o?${query}`;
    const response = await fetch(url, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${destination.token}`,
        'content-type': 'application/octet-stream',
      },
      body: new Uint8Array(file.content),
      redirect: 'error',
      signal: AbortSignal.timeout(UPLOAD_TIMEOUT_MS),
    });
    await response.arrayBuffer();
    if (!response.ok && response.status !== 412) {
      throw new Error(`${source.name}/${file.path}: storage answered ${response.status}`);
    }
    const done = response.ok ? 'published' : 'already there';
    process.stdout.write(`gs://${destination.bucket}/${folder}/${file.path}: ${done}\n`);
  }
}

async function publish(): Promise<number> {
  const { values } = parseArgs({
    options: {
      bucket: { type: 'string' },
      storage: { type: 'string', default: 'https://storage.googleapis.com' },
      help: { type: 'boolean', default: false },
    },
  });
  const token = process.env['JOBGATE_PUBLISH_TOKEN'];
  if (values.help || values.bucket === undefined || token === undefined) {
    process.stderr.write(USAGE);
    return values.help ? 0 : 2;
  }
  const destination = { storage: values.storage, bucket: values.bucket, token };
  for (const source of readTemplateSources(join(import.meta.dirname, '../templates'))) {
    if (source.faults.length > 0) throw new Error(`${source.name} has faults; see check:templates`);
    await publishTemplate(source, destination);
  }
  return 0;
}

try {
  process.exitCode = await publish();
} catch (error) {
  const cause =
    error instanceof Error && error.cause instanceof Error ? ` (${error.cause.message})` : '';
  process.stderr.write(
    `publishing failed: ${error instanceof Error ? error.message : 'unknown'}${cause}\n`,
  );
  process.exitCode = 1;
}
