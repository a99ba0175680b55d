/**
 * Measures the authorizer: how long the verification of a token takes beside the bare check of its
 * signature by jose, in turn; how large its bundle is; how long a process with the bundle takes
 * beside one with nothing, in turn; and which calls it makes when it has an issuer's keys.
 *
 * A verification may take 100 µs on a machine where jose alone takes 42. Machines differ, so the
 * limit is the ratio of the two, 2.38.
 *
 *     npm run bench -- authorizer [--pairs <5 to 200>]
 *
 * Prints a table. Ends with status 1 when a number is above its limit or an answer is wrong.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { createVerifier, type VerifyToken } from '../shared/identity/verify.ts';
import {
  createTokenForge,
  ISSUER,
  START_SECONDS,
  type TokenForge,
} from '../test/support/tokens.ts';
import { bundle } from './bundle.ts';
import { toMedian } from './medians.ts';
import { timeInTurn } from './processes.ts';
import { print, type Row } from './rows.ts';
import {
  createSignatureCheck,
  DESIGN_CHECK_MS,
  ES256,
  RS256,
  type Algorithm,
} from './signature-check.ts';

const usage = 'usage: npm run bench -- authorizer [--pairs <5 to 200>]\n';
const limits = {
  verification: Number((0.1 / DESIGN_CHECK_MS).toFixed(2)),
  bundleKb: 40,
  loadRatio: 1.2,
  warmCalls: 0,
};
const warmUps = 500;
const verifications = 3_000;

async function measureVerification(): Promise<readonly Row[]> {
  const forge = createTokenForge();
  let calls = 0;
  const verify = createVerifier({
    issuers: [ISSUER],
    now: () => new Date(START_SECONDS * 1000),
    fetchKeySet: () => {
      calls += 1;
      return Promise.resolve(forge.keySet);
    },
    reportStaleKeys: () => undefined,
  });
  await verify(`Bearer ${forge.good()}`);
  const before = calls;
  const rows: Row[] = [];
  for (const algorithm of [RS256, ES256]) rows.push(...(await compare(verify, forge, algorithm)));
  const name = 'network calls with warm keys';
  return [...rows, { name, value: calls - before, digits: 0, limit: limits.warmCalls }];
}

/** Times a verification and jose's check of the same signature in turn. */
async function compare(
  verify: VerifyToken,
  forge: TokenForge,
  algorithm: Algorithm,
): Promise<readonly Row[]> {
  const { name } = algorithm;
  const { token, isSigned } = createSignatureCheck(algorithm, forge);
  const header = `Bearer ${token}`;
  const isAna = async () => (await verify(header)).subject === 'ana';
  const times: (readonly [number, number])[] = [];
  for (let round = 0; round < warmUps + verifications; round += 1) {
    const pair = [await time(isAna), await time(isSigned)] as const;
    if (round >= warmUps) times.push(pair);
  }
  const [whole = 0, bare = 0] = [0, 1].map((at) => toMedian(times.map((pair) => pair[at] ?? 0)));
  return [
    { name: `verification ${name}, µs`, value: whole, digits: 1, limit: null },
    { name: '  jose alone, µs', value: bare, digits: 1, limit: null },
    { name: '  ratio', value: whole / bare, digits: 2, limit: limits.verification },
  ];
}

/** Returns microseconds. @throws Error when the answer is no */
async function time(work: () => Promise<boolean>): Promise<number> {
  const since = performance.now();
  const isRight = await work();
  if (!isRight) throw new Error('a good token is not accepted as it should be');
  return (performance.now() - since) * 1000;
}

async function measureBundle(folder: string, pairs: number): Promise<readonly Row[]> {
  const file = join(folder, 'authorizer.mjs');
  const value = await bundle('authorizer', file);
  const script = (name: string): string => join(import.meta.dirname, name);
  const medians = await timeInTurn(pairs, [
    { args: [script('bare.mjs')] },
    { args: [script('load.mjs'), file] },
  ]);
  const [bareMs = 0, loadMs = 0] = medians;
  const shown = medians.map((ms) => ms.toFixed(1)).join(' and ');
  process.stdout.write(`${pairs} pairs of processes, medians: ${shown} ms\n`);
  return [
    { name: 'bundle, kB', value, digits: 1, limit: limits.bundleKb },
    { name: 'load / bare Node', value: loadMs / bareMs, digits: 2, limit: limits.loadRatio },
  ];
}

async function main(): Promise<number> {
  const options = { pairs: { type: 'string', default: '30' }, help: { type: 'boolean' } } as const;
  const { values } = parseArgs({ options });
  const pairs = Number(values.pairs);
  const isUsable = Number.isInteger(pairs) && pairs >= 5 && pairs <= 200;
  if (values.help === true || !isUsable) {
    (isUsable ? process.stdout : process.stderr).write(usage);
    return isUsable ? 0 : 2;
  }
  const folder = mkdtempSync(join(tmpdir(), 'jobgate-bench-'));
  try {
    return print([...(await measureVerification()), ...(await measureBundle(folder, pairs))]);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

process.exitCode = await main();
