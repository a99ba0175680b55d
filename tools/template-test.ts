/** What the test of a copied template is made from. */
export interface ExampleTest {
  /** The template's folder and main program, such as `preprocess/preprocess.py`. */
  readonly main: string;
  /** The arguments of the job, as its definition lists them. */
  readonly args: readonly unknown[];
  readonly parameters: Readonly<Record<string, unknown>>;
  readonly properties: Readonly<Record<string, unknown>>;
}

const SAMPLES = 'gs://jobgate-data/samples/';

/** Writes a pytest that runs a template's first example on the sample data, with local files in place of storage. */
export function renderExampleTest({ main, args, parameters, properties }: ExampleTest): string {
  const folder = main.split('/')[0] ?? '';
  const words = args.map((argument) => renderArgument(argument, parameters, folder));
  const settings = Object.entries(properties).map(
    ([name, value]) => `${quote(name)}: ${quote(String(value))}`,
  );
  return `from __future__ import annotations

from pathlib import Path

${renderImports(words)}

PROPERTIES: dict[str, str] = {${settings.join(', ')}}


def test_the_first_example_runs_on_the_sample_data(tmp_path: Path) -> None:
    output = tmp_path / "output"
    arguments = [${words.join(', ')}]

    ended = run_program(${quote(main)}, arguments, tmp_path, PROPERTIES)

    assert ended.returncode == 0, ended.stderr[-2000:]
    assert any(path.stat().st_size > 0 for path in output.rglob("*") if path.is_file())
`;
}

function renderImports(words: readonly string[]): string {
  const uses = (name: string) => words.some((word) => word.includes(name));
  const names = [...['ROOT', 'SAMPLES'].filter(uses), 'run_program'].join(', ');
  const line = `from programs import ${names}`;
  return uses('put_script') ? `${line}\nfrom scripts import put_script` : line;
}

/** The URI of an upload, whose file lies in the template's own folder. */
const UPLOAD = /^gs:\/\/.*\/[0-9a-f]{64}\/([^/]+)$/;

function renderArgument(
  argument: unknown,
  parameters: Readonly<Record<string, unknown>>,
  folder: string,
): string {
  if (typeof argument === 'string') return quote(argument);
  const { parameter } = argument as { readonly parameter?: string };
  if (parameter === undefined) return 'f"{output.as_uri()}/"';
  const value = parameters[parameter];
  if (typeof value !== 'string') return quote(JSON.stringify(value ?? null));
  const [, upload] = UPLOAD.exec(value) ?? [];
  if (upload !== undefined) {
    const path = [`"templates"`, quote(folder), quote(upload)].join(' / ');
    return `put_script(tmp_path, ${quote(upload)}, (ROOT / ${path}).read_bytes())`;
  }
  if (!value.startsWith(SAMPLES)) return quote(value);
  return `(SAMPLES / ${quote(value.slice(SAMPLES.length))}).as_uri()`;
}

/** A JSON string is a Python string, but for what JSON escapes by halves. */
function quote(text: string): string {
  return JSON.stringify(text);
}
