import type { Change } from './change.ts';
import type { Comparison, TemplateChanges } from './compare.ts';

const MARKS = { wider: '+', narrower: '-', breaking: '!', changed: '~' } as const;

/** Writes a comparison for people: what gives more is marked +, what takes away -, what breaks callers !, faults ✗. */
export function renderComparison({ revision, commit, templates, faults }: Comparison): string {
  const since = `${revision} (${commit.slice(0, 12)})`;
  if (templates.length === 0) return `No template has changed since ${since}.\n`;
  const count = `${templates.length} ${templates.length === 1 ? 'template' : 'templates'}`;
  const parts = templates.map(renderTemplate).join('\n');
  const verdict = faults === 0 ? 'no fault' : `${faults} ${faults === 1 ? 'fault' : 'faults'}`;
  return `${count} changed since ${since}:\n\n${parts}\n${count} changed, ${verdict}.\n`;
}

function renderTemplate({ name, before, after, changes }: TemplateChanges): string {
  const versions = before === after ? (after ?? '') : `${before ?? 'none'} → ${after ?? 'none'}`;
  return `${name}  ${versions}\n${changes.map(renderChange).join('')}`;
}

function renderChange({ topic, effect, fault, text }: Change): string {
  const breaking = effect === 'breaking' && topic === 'parameters' ? ' (breaks callers)' : '';
  const mark = fault ? '✗' : MARKS[effect];
  return `  ${mark} ${topic.padEnd(10)}  ${fault ? 'fault: ' : ''}${text}${breaking}\n`;
}
