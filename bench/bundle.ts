import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'esbuild';
import { parse } from 'yaml';

const project = join(import.meta.dirname, '..');

/** Bundles a function as serverless.yml does. Returns its size in kB. */
export async function bundle(name: string, outfile: string): Promise<number> {
  const text = readFileSync(join(project, 'serverless.yml'), 'utf8');
  const { custom } = parse(text, { merge: true }) as {
    readonly custom: {
      readonly esbuild: { minify: boolean; target: string; banner: { js: string } };
    };
  };
  const { minify, target, banner } = custom.esbuild;
  await build({
    entryPoints: [join(project, 'functions', `${name}.ts`)],
    ...{ bundle: true, platform: 'node', format: 'esm', logLevel: 'error' },
    ...{ outfile, minify, target, banner },
  });
  return readFileSync(outfile).length / 1000;
}
