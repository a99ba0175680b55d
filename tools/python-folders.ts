const LISTS = ['mypy_path', 'pythonpath'];

/**
 * Adds a folder of Python modules to those that mypy and pytest look into, in the text of pyproject.toml. A list that is
 * not there, or not once, is left alone.
 */
export function addPythonFolder(text: string, folder: string): string {
  return LISTS.reduce((changed, list) => addToList(changed, list, folder), text);
}

function addToList(text: string, list: string, folder: string): string {
  const pattern = new RegExp(`^${list} = \\[([^\\]]*)\\]$`, 'gm');
  const [found, another] = [...text.matchAll(pattern)];
  if (found?.[1] === undefined || another !== undefined) return text;
  const items = [...found[1].matchAll(/"([^"]*)"/g)].map(([, item = '']) => item);
  if (items.includes(folder)) return text;
  const all = [...items, folder].sort();
  const lines = all.map((item) => `  "${item}",\n`).join('');
  return text.replace(found[0], () => `${list} = [\n${lines}]`);
}
