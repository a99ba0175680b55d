import { describe, expect, it } from 'vitest';
import { addPythonFolder } from '../../tools/python-folders.ts';

const BOTH = `[tool.mypy]
mypy_path = ["b", "d"]
files = ["x"]

[tool.pytest.ini_options]
pythonpath = [
  "b",
]
`;

describe('a folder of Python modules', () => {
  it('is added to what mypy and pytest look into, in order', () => {
    expect(addPythonFolder(BOTH, 'c')).toBe(`[tool.mypy]
mypy_path = [
  "b",
  "c",
  "d",
]
files = ["x"]

[tool.pytest.ini_options]
pythonpath = [
  "b",
  "c",
]
`);
  });

  it('that is there already is not added', () => {
    expect(addPythonFolder(BOTH, 'b')).toBe(BOTH);
  });

  it.each([
    ['is not there', 'files = ["x"]\n'],
    ['is there twice', 'pythonpath = ["a"]\npythonpath = ["b"]\n'],
    ['is a text', 'pythonpath = "a"\n'],
  ])('is not added to a list that %s', (_name, text) => {
    expect(addPythonFolder(text, 'c')).toBe(text);
  });
});
