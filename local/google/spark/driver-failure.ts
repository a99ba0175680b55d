const maxReasonLength = 1000;

/**
 * Finds why a driver failed in the end of its output: the class and message of the exception that
 * Python or Java reported last. Without one, the exit status is the reason.
 */
export function findFailureReason(outputTail: string, exitStatus: number): string {
  const lines = outputTail.split(/\r?\n/);
  const reason =
    findTracebackReason(lines) ??
    findSyntaxError(lines) ??
    findJavaException(lines) ??
    findSqlError(lines);
  return (reason ?? `User application exited with ${exitStatus}`).slice(0, maxReasonLength);
}

/** After the frames of a traceback, which are indented, comes `Class: message`. */
function findTracebackReason(lines: readonly string[]): string | undefined {
  const start = lines.lastIndexOf('Traceback (most recent call last):');
  if (start < 0) return undefined;
  const position = lines.findIndex((line, at) => at > start && /^[A-Za-z_]/.test(line));
  const line = lines[position];
  if (line === undefined) return undefined;
  // Py4J puts the Java exception on the next line, behind a colon.
  const next = lines[position + 1];
  return next?.startsWith(': ') === true ? `${line}${next}` : line;
}

/** A file that does not parse is reported without the word Traceback. */
function findSyntaxError(lines: readonly string[]): string | undefined {
  return lines.findLast((line) => /^(?:SyntaxError|IndentationError|TabError): /.test(line));
}

function findJavaException(lines: readonly string[]): string | undefined {
  for (const line of lines.toReversed()) {
    const match = /^Exception in thread "[^"]*" (.+)$/.exec(line);
    if (match !== null) return match[1];
  }
  return undefined;
}

/** Spark's SQL shell prints the error of a statement with its class in brackets, or logs it. */
function findSqlError(lines: readonly string[]): string | undefined {
  const error =
    /^(?:.* ERROR SparkSQLCLIDriver: )?(\[[A-Z][A-Z0-9_.]+\] .+|Could not open input file .+)$/;
  for (const line of lines.toReversed()) {
    const match = error.exec(line);
    if (match !== null) return match[1];
  }
  return undefined;
}
