import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { build, type Metafile } from 'esbuild';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { listSources, ROOT } from './source-files.ts';

interface BundleSettings {
  readonly minify: boolean;
  readonly target: string;
  readonly banner: { readonly js: string };
}

const { custom } = parse(readFileSync(join(ROOT, 'serverless.yml'), 'utf8'), { merge: true }) as {
  readonly custom: { readonly esbuild: BundleSettings };
};

/** Bundles a function as serverless.yml does and lists what went in; bytes are the minified module's. */
async function bundle(entry: string): Promise<{ bytes: number; inputs: readonly string[] }> {
  const { minify, target, banner } = custom.esbuild;
  const { metafile } = await build({
    entryPoints: [join(ROOT, entry)],
    absWorkingDir: ROOT,
    bundle: true,
    platform: 'node',
    format: 'esm',
    outfile: 'bundle.mjs',
    write: false,
    metafile: true,
    minify,
    target,
    banner,
  });
  return { bytes: toBytes(metafile), inputs: toInputs(metafile) };
}

function toBytes(metafile: Metafile): number {
  return Object.values(metafile.outputs).reduce((sum, output) => sum + output.bytes, 0);
}

/** Inputs that contribute at least one byte: what is only typed does not. */
function toInputs(metafile: Metafile): readonly string[] {
  const outputs = Object.values(metafile.outputs).flatMap((output) =>
    Object.entries(output.inputs),
  );
  return outputs.filter(([, { bytesInOutput }]) => bytesInOutput > 0).map(([path]) => path);
}

const functions = listSources('functions');

/** Functions off the hot path, which may hold one official client that is loaded when it is first needed. */
const WITH_CLIENT: ReadonlyMap<string, string> = new Map([
  ['functions/get-job-audit.ts', '@aws-sdk/client-cloudwatch-logs'],
  ['functions/sweep-jobs.ts', '@aws-sdk/client-eventbridge'],
]);

describe('bundles', () => {
  it.each(functions.filter((entry) => !WITH_CLIENT.has(entry)))(
    '%s holds no whole client and no schema compiler',
    async (entry) => {
      const { inputs } = await bundle(entry);
      const heavy =
        /node_modules\/(@aws-sdk|@smithy|@google-cloud|google-|ajv|yaml|@grpc|protobufjs)/;
      expect(inputs.filter((path) => heavy.test(path))).toEqual([]);
    },
  );

  it.each([...WITH_CLIENT])('%s holds no other client than %s', async (entry, allowed) => {
    const { inputs } = await bundle(entry);
    const clients = inputs.flatMap(
      (path) =>
        /node_modules\/(@(?:aws-sdk|google-cloud)\/client-[\w-]+|ajv|yaml)\//.exec(path)?.[1] ?? [],
    );
    expect([...new Set(clients)]).toEqual([allowed]);
  });

  it.each([
    'functions/authorizer.ts',
    'functions/get-health.ts',
    'functions/get-protected-resource.ts',
  ])('%s reaches neither jobs nor their adapters', async (entry) => {
    const { inputs } = await bundle(entry);
    const adapters = /^shared\/(jobs|aws|credentials|dataproc|storage|records|audit)\//;
    expect(inputs.filter((path) => adapters.test(path))).toEqual([]);
  });

  it.each(functions.filter((entry) => entry !== 'functions/sweep-jobs.ts'))(
    '%s carries nothing of the sweep',
    async (entry) => {
      const { inputs } = await bundle(entry);
      const sweep = /^shared\/(jobs\/sweep\/|records\/(sweep|due-index)\.ts)/;
      expect(inputs.filter((path) => sweep.test(path))).toEqual([]);
    },
  );

  it('keep submit-job within 200 kB and the authorizer within 40 kB', async () => {
    expect((await bundle('functions/submit-job.ts')).bytes).toBeLessThanOrEqual(200_000);
    expect((await bundle('functions/authorizer.ts')).bytes).toBeLessThanOrEqual(40_000);
  });
});
