import { parseJson, parseList, parseObject, parseText, type Table } from '../shape.ts';

/** Lists the objects under a prefix, without a delimiter. */
type ListUnder = (prefix: string) => Promise<string>;

/**
 * Leaves out of a list of objects what was created after an instant, as a list does that lags
 * behind; prefixes under which there is nothing else go as well. An object that was written anew
 * counts as young: its former generation is not kept.
 */
export async function leaveOutYoungerObjects(
  text: string,
  asOf: Date,
  listUnder: ListUnder,
): Promise<string> {
  const list = parseObjectList(text);
  const prefixes: string[] = [];
  for (const prefix of parseList(list['prefixes'] ?? [], 'prefixes', parseText)) {
    const under = parseObjectList(await listUnder(prefix));
    if (findOlder(under, asOf).length > 0 || 'nextPageToken' in under) prefixes.push(prefix);
  }
  return JSON.stringify({ ...list, items: findOlder(list, asOf), prefixes });
}

function parseObjectList(text: string): Table {
  return parseObject(parseJson(text, 'the list'), 'the list');
}

function findOlder(list: Table, asOf: Date): readonly Table[] {
  const items = parseList(list['items'] ?? [], 'items', parseObject);
  return items.filter(
    (item) => Date.parse(parseText(item['timeCreated'], 'timeCreated')) <= asOf.getTime(),
  );
}
