import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';

const ROOT = join(import.meta.dirname, '../..');
const PLACE = {
  project: 'acme',
  region: 'us-central1',
  stagingBucket: 'stage',
  reader: 'jg-read',
  operator: 'jg-operate',
  signer: 'jg-sign',
};

function check(targets: unknown): { readonly status: number | null; readonly stderr: string } {
  const env = { ...process.env, JOBGATE_TARGETS: JSON.stringify(targets) };
  const script = join(ROOT, 'tools/check-targets.ts');
  const { status, stderr } = spawnSync(process.execPath, [script], { env, encoding: 'utf8' });
  return { status, stderr };
}

describe('tools/check-targets.ts', () => {
  it('is content with a target on which every template can run', () => {
    const analytics = { kind: 'batch', ...PLACE, runtimeVersion: '2.3' };
    expect(check({ analytics })).toEqual({ status: 0, stderr: '' });
  });

  it.each([
    [
      { analytics: { kind: 'cluster', ...PLACE, clusterName: 'nightly' } },
      'preprocess on analytics: on a target of kind cluster every job runs as the cluster’s account, so the template must name no runtimeAccount\n',
    ],
    [{}, 'preprocess: there is no target analytics\n'],
    [
      { analytics: { kind: 'swarm' } },
      'JOBGATE_TARGETS.analytics.kind must be batch, cluster or workflow\n',
    ],
  ])('names what is wrong with %j', (targets, sentence) => {
    const { status, stderr } = check(targets);
    expect(status).toBe(1);
    expect(stderr).toContain(sentence);
  });
});
