import { promises } from 'node:fs';
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

/** Reads how many bytes this user may still write below a folder. */
export async function readFreeBytes(folder) {
  // A Node that is too old has no such function: it must get as far as being refused for its age.
  const { bavail, bsize } = await promises.statfs(folder);
  return bavail * bsize;
}

/** Refuses to start a download that the disk cannot hold. */
export function checkDisk(folder, freeBytes) {
  if (freeBytes >= DISK_BYTES) return;
  const have = `${toGigabytes(freeBytes)} are free in ${folder}`;
  throw new SetupFailure(
    `Set-up needs ${toGigabytes(DISK_BYTES)} of disk, only ${have}: make room.`,
  );
}

function toGigabytes(bytes) {
  return `${(bytes / 1e9).toFixed(1)} GB`;
}
