import { linkSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { identifySelf, isAlive } from './process-identity.mjs';

const POLL_MS = 200;

/**
 * Takes the lock at `path`, waiting while a living process holds it, and returns how to give it back.
 * A lock is a file that names its holder by process id and start time, so that the lock of a
 * process that died is recognised and taken over, and a reused process id is not mistaken for it.
 * `purpose` is what the holder is doing; `onWait(holder, waitedMs)` is called at every look.
 */
export async function acquireLock(path, { purpose, onWait, signal }) {
  const mine = JSON.stringify({ ...identifySelf(), purpose });
  const startedAt = Date.now();
  for (;;) {
    signal?.throwIfAborted();
    const holder = tryAcquire(path, mine);
    if (holder === undefined) return { release: () => release(path, mine) };
    onWait?.(holder, Date.now() - startedAt);
    await sleep(POLL_MS, undefined, { signal });
  }
}

/** Returns undefined when the lock is ours, and its holder when it is not. */
function tryAcquire(path, mine) {
  const draft = `${path}.${process.pid}.draft`;
  try {
    writeFileSync(draft, mine);
    return tryTake(path, mine, draft);
  } finally {
    rmSync(draft, { force: true });
  }
}

function tryTake(path, mine, draft) {
  if (tryCreate(draft, path)) return undefined;
  const seen = readLock(path);
  if (seen === undefined) return { purpose: 'ending' };
  const holder = parseHolder(seen);
  if (holder !== undefined && isAlive(holder)) return holder;
  return takeOver({ path, mine, draft, seen });
}

/** A lock that a full disk or a power cut left empty or cut off names no living holder. */
function parseHolder(text) {
  try {
    const holder = JSON.parse(text);
    return Number.isInteger(holder?.pid) ? holder : undefined;
  } catch {
    return undefined;
  }
}

/**
 * Replaces a dead holder's lock. Only the holder of `<path>.claim` may do so, and looks again after
 * it got the claim: without it two processes could each remove what they took for the dead lock.
 */
function takeOver({ path, mine, draft, seen }) {
  const claim = `${path}.claim`;
  const claimant = tryTake(claim, mine, draft);
  if (claimant !== undefined) return claimant;
  const copy = `${path}.${process.pid}.copy`;
  try {
    if (readLock(path) !== seen) return { purpose: 'changing hands' };
    writeFileSync(copy, mine);
    renameSync(copy, path);
    return undefined;
  } finally {
    rmSync(claim, { force: true });
  }
}

/** A link appears with its content or not at all, and fails when the name is taken. */
function tryCreate(draft, path) {
  try {
    linkSync(draft, path);
    return true;
  } catch (error) {
    if (error.code === 'EEXIST') return false;
    throw error;
  }
}

function release(path, mine) {
  if (readLock(path) === mine) rmSync(path, { force: true });
}

function readLock(path) {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  }
}
