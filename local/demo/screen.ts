import { styleText } from 'node:util';

/** Where the demo writes; colours and live lines only on a terminal. */
export interface Screen {
  readonly heading: (text: string) => void;
  readonly line: (text?: string) => void;
  /** Label and value in two columns. */
  readonly fact: (label: string, value: string) => void;
  readonly table: (header: readonly string[], rows: readonly (readonly string[])[]) => void;
  /** A verdict with a mark. */
  readonly check: (holds: boolean, text: string) => void;
  /** Program output, indented, dimmed, and without control characters. */
  readonly output: (text: string) => void;
  /** A line that the next one replaces; on a terminal only. */
  readonly passing: (text: string) => void;
}

const LABEL_COLUMNS = 16;
const CELL_COLUMNS = 44;

/** Makes a screen on a stream. */
export function createScreen(stream: NodeJS.WriteStream = process.stdout): Screen {
  const style = (format: 'bold' | 'dim' | 'green' | 'red' | 'cyan', text: string): string =>
    stream.isTTY ? styleText(format, text) : text;
  const clear = stream.isTTY ? '\r\x1b[2K' : '';
  const line = (text = ''): void => {
    stream.write(`${clear}${text}\n`);
  };
  return {
    line,
    passing: (text) => {
      if (stream.isTTY) stream.write(`${clear}  ${style('dim', text)}`);
    },
    heading: (text) => {
      line();
      line(style('bold', style('cyan', text)));
    },
    fact: (label, value) => {
      line(`  ${style('dim', label.padEnd(LABEL_COLUMNS))}${value}`);
    },
    check: (holds, text) => {
      line(`  ${holds ? style('green', '✓') : style('red', '✗')} ${text}`);
    },
    output: (text) => {
      for (const each of text.trimEnd().split('\n'))
        line(`  ${style('dim', '│')} ${toPlain(each)}`);
    },
    table: (header, rows) => {
      const widths = header.map((name, column) =>
        Math.min(
          CELL_COLUMNS,
          Math.max(...[name, ...rows.map((row) => row[column] ?? '')].map((cell) => cell.length)),
        ),
      );
      const draw = (cells: readonly string[]): string =>
        cells
          .map((cell, column) => cell.slice(0, CELL_COLUMNS).padEnd(widths[column] ?? 0))
          .join('  ')
          .trimEnd();
      line(`  ${style('bold', draw(header))}`);
      line(`  ${widths.map((width) => '─'.repeat(width)).join('  ')}`);
      for (const row of rows) line(`  ${draw(row)}`);
    },
  };
}

/** What a driver prints must not steer the reader's terminal. */
function toPlain(text: string): string {
  return text.replaceAll(/\p{Cc}/gu, ' ');
}
