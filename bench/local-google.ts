import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { startGoogle, type Starting } from '../local/up/servers.ts';

/**
 * Starts the local Google as the local stack does, but for its drivers: the program that would fetch a job's files and
 * start Spark waits instead. So two jobs run and do nothing, the others are queued, and no Java takes the machine's
 * time. `aws` says who signed. Returns the address of Dataproc, STS and IAM Credentials.
 */
export async function startGoogleWithoutSpark(starting: Starting, aws: string): Promise<string> {
  const python = join(starting.run.folder, 'waiting-driver');
  writeFileSync(python, '#!/bin/sh\nexec sleep 600\n');
  chmodSync(python, 0o700);
  const toolchain = { ...starting.toolchain, python };
  const { dataproc } = await startGoogle({ ...starting, toolchain }, aws, 'bench-publish');
  return dataproc;
}
