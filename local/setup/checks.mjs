import { statfs } from 'node:fs/promises';
import { SetupFailure } from './failure.mjs';

const NODE_MAJOR = 20;
const DISK_BYTES = 3_000_000_000;

/** Refuses a platform or a Node on which nothing here can run. */
export function checkPlatform({ platform, versions }) {
  if (platform !== 'linux' && platform !== 'darwin') {
    throw new SetupFailure(`Jobgate's local stack runs on Linux and macOS, not on ${platform}.`);
  }
  const major = Number(versions.node.split('.')[0]);
  if (major >= NODE_MAJOR) return;
  const advice = 'install a newer one from https://nodejs.org';
  throw new SetupFailure(
    `Node ${NODE_MAJOR} or newer is needed, this is ${versions.node}: ${advice}.`,
  );
}

/** Refuses to start a download that the disk cannot hold. */
export async function checkDisk(folder) {
  const { bavail, bsize } = await statfs(folder);
  if (bavail * bsize >= DISK_BYTES) return;
  const free = (value) => `${(value / 1e9).toFixed(1)} GB`;
  const have = `${free(bavail * bsize)} are free in ${folder}`;
  throw new SetupFailure(`Set-up needs ${free(DISK_BYTES)} of disk, only ${have}: make room.`);
}
