/**
 * Says in words, or as JSON, what has changed in the templates since a git revision.
 *
 *     node tools/compare-templates.ts [--json] REVISION
 *
 * Ends with status 1 when a change has a fault, such as a version that does not say what the change does.
 */
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { compareTemplates } from './changes/compare.ts';
import { renderComparison } from './changes/page.ts';
import { RevisionError } from './changes/revision.ts';

const options = { json: { type: 'boolean', default: false } } as const;
const { values, positionals } = parseArgs({ options, allowPositionals: true });

try {
  const comparison = await compareTemplates(join(import.meta.dirname, '..'), positionals[0] ?? '');
  const text = values.json
    ? `${JSON.stringify(comparison, null, 2)}\n`
    : renderComparison(comparison);
  process.stdout.write(text);
  process.exitCode = comparison.faults === 0 ? 0 : 1;
} catch (error) {
  if (!(error instanceof RevisionError)) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 1;
}
