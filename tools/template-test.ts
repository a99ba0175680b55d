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
  const words = args.map((argument) => renderArgument(argument, parameters));
  const settings = Object.entries(properties).map(
    ([name, value]) => `${quote(name)}: ${quote(String(value))}`,
  );
  return `from __future__ import annotations

from pathlib import Path

from programs import ${words.some((word) => word.includes('SAMPLES')) ? 'SAMPLES, ' : ''}run_program

PROPERTIES: dict[str, str] = {${settings.join(', ')}}


def test_the_first_example_runs_on_the_sample_data(tmp_path: Path) -> None:
    output = tmp_path / "output"
    arguments = [${words.join(', ')}]

    ended = run_program(${quote(main)}, arguments, tmp_path, PROPERTIES)

    assert ended.returncode == 0, ended.stderr[-2000:]
    assert any(path.stat().st_size > 0 for path in output.rglob("*") if path.is_file())
`;
}

function renderArgument(argument: unknown, parameters: Readonly<Record<string, unknown>>): string {
  if (typeof argument === 'string') return quote(argument);
  const { parameter } = argument as { readonly parameter?: string };
  if (parameter === undefined) return 'f"{output.as_uri()}/"';
  const value = parameters[parameter];
  if (typeof value !== 'string') return quote(JSON.stringify(value ?? null));
  if (!value.startsWith(SAMPLES)) return quote(value);
  return `(SAMPLES / ${quote(value.slice(SAMPLES.length))}).as_uri()`;
}

/** A JSON string is a Python string, but for what JSON escapes by halves. */
function quote(text: string): string {
  return JSON.stringify(text);
}
