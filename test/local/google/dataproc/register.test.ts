import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { Counter, type Kept, Register } from '../../../../local/google/dataproc/register.ts';
import { parseText, parseWholeNumber, type Table } from '../../../../local/google/shape.ts';
import { openShelf } from '../../../../local/google/state/shelf.ts';
import { makeFolder } from '../local-server.ts';

const [folder, removeFolder] = makeFolder();

afterAll(removeFolder);

interface Thing extends Kept {
  hasEnded: boolean;
}

function makeThing(name: string, sequence: number, hasEnded = true): Thing {
  const thing = { name, uuid: `u-${sequence}`, sequence, requestId: `r-${sequence}`, hasEnded };
  return { ...thing, toDocument: () => thing };
}

function parseThing(document: Table): Thing {
  const range = { min: 1, max: 1000 };
  const sequence = parseWholeNumber(document['sequence'], 'sequence', range);
  return makeThing(parseText(document['name'], 'name'), sequence);
}

function open(kind: string, max?: number) {
  const counter = new Counter();
  const shelf = openShelf(folder, kind);
  const limit = max === undefined ? {} : { max };
  return { counter, register: new Register<Thing>({ shelf, counter, kind: 'things', ...limit }) };
}

describe('a register', () => {
  it('takes back what an earlier one kept, and counts on behind it', () => {
    const { register } = open('kept');
    for (const sequence of [1, 2, 3]) register.add(makeThing(`t-${sequence}`, sequence));
    const again = open('kept');
    again.register.restore(parseThing);
    expect(again.register.newestFirst().map(({ name }) => name)).toEqual(['t-3', 't-2', 't-1']);
    expect(again.counter.next()).toBe(4);
  });

  it('keeps the request id of what was deleted, and gives its name to another one', () => {
    const { register } = open('deleted');
    register.add(makeThing('same', 1));
    const found = register.find('same');
    if (found !== undefined) register.delete(found);
    register.add(makeThing('same', 2));
    const again = open('deleted').register;
    again.restore(parseThing);
    expect(again.find('same')?.sequence).toBe(2);
    expect(again.findByRequestId('r-1')?.sequence).toBe(1);
    expect(again.newestFirst().map(({ sequence }) => sequence)).toEqual([2]);
  });

  it('forgets the oldest ended ones when it is full, and never one that goes on', () => {
    const { register } = open('full', 2);
    register.add(makeThing('goes-on', 1, false));
    for (const sequence of [2, 3, 4]) register.add(makeThing(`t-${sequence}`, sequence));
    expect(register.newestFirst().map(({ name }) => name)).toEqual(['t-4', 'goes-on']);
    expect(openShelf(folder, 'full').parseAll((document) => document)).toHaveLength(2);
  });

  it('takes no more than 5000 that have not ended, and says of what', () => {
    const register = new Register<Thing>({
      ...{ shelf: openShelf(null, 'busy'), counter: new Counter(), kind: 'things' },
    });
    for (let sequence = 1; sequence <= 5000; sequence += 1)
      register.add(makeThing(`t-${sequence}`, sequence, false));
    expect(() => {
      register.add(makeThing('t-5001', 5001, false));
    }).toThrow('There are already 5000 active things.');
  });

  it('takes nothing that cannot be written down', () => {
    const { register } = open('gone');
    rmSync(join(folder, 'gone'), { recursive: true });
    expect(() => {
      register.add(makeThing('lost', 1, false));
    }).toThrow('The service cannot write down what it has to keep.');
    expect(register.find('lost')).toBeUndefined();
    expect(register.findByRequestId('r-1')).toBeUndefined();
    expect(register.everNewestFirst()).toEqual([]);
  });

  it('writes a change that could not be written down with the next one', () => {
    const { register } = open('full-disk');
    const [first, second] = [makeThing('first', 1), makeThing('second', 2)];
    for (const thing of [first, second]) register.add(thing);
    rmSync(join(folder, 'full-disk'), { recursive: true });
    register.delete(first);
    expect(register.find('first')).toBeUndefined();
    mkdirSync(join(folder, 'full-disk'));
    register.save(second);
    const again = open('full-disk').register;
    again.restore(parseThing);
    expect(again.everNewestFirst().map(({ name }) => name)).toEqual(['second', 'first']);
    expect(again.newestFirst().map(({ name }) => name)).toEqual(['second']);
  });

  it('refuses a document whose uuid is not the name of its file', () => {
    openShelf(folder, 'moved').save('x', { name: 'n', sequence: 1 });
    expect(() => open('moved').register.restore(parseThing)).toThrow(
      `${join(folder, 'moved', 'x.json')} is damaged: its uuid must be the name of the file`,
    );
  });

  it('names the file of a document that is damaged', () => {
    openShelf(folder, 'damaged').save('bad', { name: 'x', sequence: 'y' });
    expect(() => open('damaged').register.restore(parseThing)).toThrow(
      `${join(folder, 'damaged', 'bad.json')} is damaged: sequence must be a whole number`,
    );
  });
});
