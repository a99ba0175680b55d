import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';

const project = join(import.meta.dirname, '../..');

interface Schema {
  readonly $ref?: string;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly items?: Schema;
  readonly oneOf?: readonly Schema[];
}

const root = JSON.parse(
  readFileSync(join(project, 'templates/template.schema.json'), 'utf8'),
) as Schema & { readonly $defs: Readonly<Record<string, Schema>> };

/** Every member that a definition may have, with its path and whether it is required. */
function listMembers(schema: Schema, path: string): readonly (readonly [string, boolean])[] {
  if (schema.$ref !== undefined) {
    const name = schema.$ref.replace('#/$defs/', '');
    return listMembers(root.$defs[name] ?? {}, path);
  }
  const below = (schema.oneOf ?? []).flatMap((each) => listMembers(each, path));
  const items = schema.items === undefined ? [] : listMembers(schema.items, `${path}[]`);
  const own = Object.entries(schema.properties ?? {}).flatMap(([name, member]) => {
    const at = path === '' ? name : `${path}.${name}`;
    const isRequired = schema.required?.includes(name) === true;
    return [[at, isRequired] as const, ...listMembers(member, at)];
  });
  return [...own, ...items, ...below];
}

/** The rows of the table of members. */
function readRows(): readonly (readonly [string, boolean])[] {
  const text = readFileSync(join(project, 'docs/templates.md'), 'utf8');
  const rows = [...text.matchAll(/^\| `([^`]+)` \| (yes|no) \| \S.* \|$/gm)];
  return rows.map(([, member = '', required]) => [member, required === 'yes'] as const);
}

describe('docs/templates.md', () => {
  it('names every member that the schema has and no other, and which are required', () => {
    const rows = readRows();
    const groups = rows
      .map(([member]) => member)
      .filter((member) => member.endsWith('.*'))
      .map((member) => member.slice(0, -1));
    const members = listMembers(root, '').filter(
      ([path]) => !groups.some((group) => path.startsWith(group)),
    );
    const single = rows.filter(([member]) => !member.endsWith('.*'));
    expect(Object.fromEntries(single)).toEqual(Object.fromEntries(members));
    expect(single).toHaveLength(members.length);
  });

  it('groups members only where the schema has some', () => {
    const paths = listMembers(root, '').map(([path]) => path);
    const groups = readRows().filter(([member]) => member.endsWith('.*'));
    expect(groups.map(([member]) => member)).toEqual(['allow[].limits.*']);
    expect(paths).toContain('allow[].limits.maxRunsPerDay');
  });
});
