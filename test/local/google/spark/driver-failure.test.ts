import { describe, expect, it } from 'vitest';
import { findFailureReason } from '../../../../local/google/spark/driver-failure.ts';

describe('the reason of a failed driver', () => {
  it('is the last line of the last Python traceback', () => {
    const output = [
      'Traceback (most recent call last):',
      '  File "main.py", line 1, in <module>',
      'KeyError: 1',
      'During handling of the above exception, another exception occurred:',
      'Traceback (most recent call last):',
      '  File "main.py", line 3, in <module>',
      '    raise BadInput("no rows")',
      'preprocess.BadInput: no rows',
      '26/11/21 14:00:00 WARN SparkContext: stopped',
    ];
    expect(findFailureReason(output.join('\n'), 1)).toBe('preprocess.BadInput: no rows');
  });

  it('includes the Java exception that Py4J reports', () => {
    const output = [
      'Traceback (most recent call last):',
      '  File "main.py", line 1, in <module>',
      'py4j.protocol.Py4JJavaError: An error occurred while calling o45.parquet.',
      ': org.apache.spark.SparkException: Job aborted.',
      '\tat org.apache.spark.sql.X',
    ];
    expect(findFailureReason(output.join('\n'), 1)).toBe(
      'py4j.protocol.Py4JJavaError: An error occurred while calling o45.parquet.' +
        ': org.apache.spark.SparkException: Job aborted.',
    );
  });

  it('is the syntax error of a file that does not parse', () => {
    const output = '  File "main.py", line 1\n    x x\n      ^\nSyntaxError: invalid syntax\n';
    expect(findFailureReason(output, 1)).toBe('SyntaxError: invalid syntax');
  });

  it('is the exception of the main thread of Java', () => {
    const output =
      'Exception in thread "main" java.io.FileNotFoundException: Item not found: gs://b/m.py\n\tat x';
    expect(findFailureReason(output, 1)).toBe(
      'java.io.FileNotFoundException: Item not found: gs://b/m.py',
    );
  });

  it('is the exit status when there is no exception', () => {
    expect(findFailureReason('nothing to see\n', 3)).toBe('User application exited with 3');
  });
});
