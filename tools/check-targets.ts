/**
 * Says whether the templates can run on the targets of JOBGATE_TARGETS, before their callers find out.
 *
 *     JOBGATE_TARGETS='{…}' node tools/check-targets.ts
 *
 * Prints every fault and ends with status 1 when there is one.
 */
import { Reader } from '../shared/config/reader.ts';
import { readTargets } from '../shared/config/targets.ts';
import { findMisfit } from '../shared/templates/fit.ts';
import { CATALOG } from '../shared/templates/generated/catalog.ts';

const reader = new Reader(process.env);
const targets = readTargets(reader);
const misfits = CATALOG.flatMap((template) => {
  const target = targets.get(template.target);
  if (target === undefined) return [`${template.name}: there is no target ${template.target}`];
  const misfit = findMisfit(template, target.kind);
  if (misfit !== undefined) return [`${template.name} on ${target.name}: ${misfit}`];
  console.log(`${template.name} on ${target.name} (${target.kind})`);
  return [];
});
const faults = reader.faults.length > 0 ? reader.faults : misfits;
for (const fault of faults) console.error(fault);
process.exitCode = faults.length > 0 ? 1 : 0;
