import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { GoogleConfiguration } from '../google/configuration.ts';
import type { DataprocOptions } from './dataproc-options.ts';
import { toFields } from './fields.ts';

/** A token that holds as long as the state does: clients go on after a restart. */
export function findAccessToken(state: string | undefined): string {
  const made = randomBytes(24).toString('base64url');
  if (state === undefined) return made;
  const file = join(state, 'access-token');
  const kept = existsSync(file) ? readFileSync(file, 'utf8').trim() : '';
  if (kept !== '') return kept;
  mkdirSync(state, { recursive: true, mode: 0o700 });
  writeFileSync(file, `${made}\n`, { mode: 0o600 });
  return made;
}

/** The ports that were asked for, or those of the state's last time; 0 takes a free one. */
export function findPorts({
  state,
  port,
  storagePort,
}: DataprocOptions): GoogleConfiguration['ports'] {
  const kept = state === undefined ? new Map<string, unknown>() : readPorts(state);
  const last = (name: string) => {
    const value = kept.get(name);
    return typeof value === 'number' ? value : 0;
  };
  return { google: port || last('google'), storage: storagePort || last('storage') };
}

function readPorts(state: string): ReadonlyMap<string, unknown> {
  const file = join(state, 'ports.json');
  if (!existsSync(file)) return new Map();
  try {
    return toFields(JSON.parse(readFileSync(file, 'utf8')));
  } catch {
    // A start that was cut off while it wrote: free ports serve as well.
    return new Map();
  }
}

/** Writes down where this state is served, for its next time. */
export function keepPorts(state: string | undefined, dataproc: string, storage: string): void {
  if (state === undefined) return;
  const ports = {
    google: Number(dataproc.replace(/.*:/, '')),
    storage: Number(new URL(storage).port),
  };
  writeFileSync(join(state, 'ports.json'), JSON.stringify(ports), { mode: 0o600 });
}
