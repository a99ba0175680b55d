import { spawn } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';

/** How a command ended, and what it printed. */
export interface CommandEnd {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Where gcloud is; undefined when this machine has none. */
export function findGcloud(): string | undefined {
  const folders = (process.env['PATH'] ?? '').split(delimiter);
  return folders.map((folder) => join(folder, 'gcloud')).find(isExecutable);
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** What a gcloud needs to use the local Google instead of the real one. */
export interface GcloudPlace {
  readonly program: string;
  readonly google: string;
  readonly storage: string;
  readonly token: string;
  /** Its configuration, logs and temporary files are kept here. */
  readonly folder: string;
}

/** Runs one gcloud command to its end. */
export function runGcloud(place: GcloudPlace, args: readonly string[]): Promise<CommandEnd> {
  const { program, google, storage, token, folder } = place;
  const child = spawn(program, args, {
    cwd: folder,
    env: {
      PATH: process.env['PATH'] ?? '',
      HOME: folder,
      TMPDIR: folder,
      CLOUDSDK_CONFIG: join(folder, 'gcloud'),
      CLOUDSDK_CORE_DISABLE_PROMPTS: '1',
      CLOUDSDK_CORE_DISABLE_USAGE_REPORTING: '1',
      CLOUDSDK_COMPONENT_MANAGER_DISABLE_UPDATE_CHECK: '1',
      CLOUDSDK_CORE_CHECK_GCE_METADATA: 'false',
      CLOUDSDK_API_ENDPOINT_OVERRIDES_DATAPROC: `${google}/`,
      CLOUDSDK_API_ENDPOINT_OVERRIDES_STORAGE: `${storage}/storage/v1/`,
      CLOUDSDK_AUTH_ACCESS_TOKEN: token,
      CLOUDSDK_CORE_PROJECT: 'local',
      CLOUDSDK_DATAPROC_REGION: 'us-central1',
      METADATA_SERVER_DETECTION: 'none',
      NO_GCE_CHECK: 'true',
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const output = { stdout: '', stderr: '' };
  child.stdout.on('data', (chunk: Buffer) => (output.stdout += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (output.stderr += chunk.toString()));
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (status) => {
      resolve({ status, ...output });
    });
  });
}
