import { describe, expect, it } from 'vitest';
import {
  makeSparkCommand,
  type SparkCommand,
} from '../../../../local/google/spark/spark-command.ts';
import type { PySparkWork, SparkWork } from '../../../../local/google/spark/work.ts';
import { makeSpec } from './engine.ts';

const toolchain = {
  python: '/venv/bin/python',
  javaHome: '/java',
  sparkHome: '/spark',
  gcsConnectorJar: '/lib/gcs.jar',
  classArchive: null,
  fakeGcsServer: '/bin/fake-gcs-server',
  node: '/bin/node',
};

const attachments = { jarFileUris: [], fileUris: [], archiveUris: [] };
const python: PySparkWork = {
  ...{ kind: 'pyspark', mainPythonFileUri: 'gs://code/main.py' },
  ...{ args: [], pythonFileUris: [], ...attachments },
};

function commandOf(
  work: SparkWork = python,
  properties: Readonly<Record<string, string>> = {},
  classArchive: string | null = null,
): SparkCommand {
  return makeSparkCommand(makeSpec(work, properties), {
    toolchain: { ...toolchain, classArchive },
    project: 'local',
    storage: 'http://127.0.0.1:4443',
    folder: '/run/my batch',
    log4jFile: '/run/log4j2.properties',
    outputFile: '/run/my batch/driver.log',
    marks: { JOBGATE_RUN: 'run-1', JOBGATE_DRIVER: 'driver-1' },
  });
}

describe('the command of a run', () => {
  it('has the arguments of the run at its end, each as it was', () => {
    const args = ['--conf', 'spark.master=yarn', 'a b', '$(id)'];
    const pythonFileUris = ['gs://code/a.zip', 'gs://code/b.py'];
    const command = commandOf({ ...python, pythonFileUris, args });
    expect(command.program).toBe('/spark/bin/spark-submit');
    expect(command.args.slice(-7)).toEqual([
      '--py-files',
      'gs://code/a.zip,gs://code/b.py',
      'gs://code/main.py',
      ...args,
    ]);
  });

  it('has the properties of the run before those of the service, where the last one counts', () => {
    const properties = { 'spark.sql.shuffle.partitions': '4', 'spark.x': '; rm -rf /' };
    const { args } = commandOf(python, properties);
    const settings = args.filter((_, at) => args[at - 1] === '--conf');
    expect(settings.slice(0, 5)).toEqual([
      'spark.sql.shuffle.partitions=8',
      'spark.hadoop.javax.jdo.option.ConnectionURL=jdbc:derby:memory:metastore;create=true',
      'spark.sql.shuffle.partitions=4',
      'spark.x=; rm -rf /',
      'spark.ui.enabled=false',
    ]);
    expect(settings.at(-1)).toBe('spark.hadoop.fs.gs.storage.root.url=http://127.0.0.1:4443');
  });

  it('takes nothing from the environment of this process', () => {
    process.env['AWS_SECRET_ACCESS_KEY'] = 'secret';
    const { env } = commandOf();
    delete process.env['AWS_SECRET_ACCESS_KEY'];
    expect(Object.keys(env).sort()).toEqual([
      'HOME',
      'JAVA_HOME',
      'JOBGATE_DRIVER',
      'JOBGATE_OUTPUT',
      'JOBGATE_PYTHON',
      'JOBGATE_RUN',
      'LANG',
      'METADATA_SERVER_DETECTION',
      'NO_GCE_CHECK',
      'PATH',
      'PYSPARK_DRIVER_PYTHON',
      'PYSPARK_PYTHON',
      'PYTHONDONTWRITEBYTECODE',
      'SPARK_HOME',
      'SPARK_LAUNCHER_OPTS',
      'SPARK_LOCAL_DIRS',
      'SPARK_LOCAL_IP',
      'SPARK_SUBMIT_OPTS',
      'TMPDIR',
      'TZ',
    ]);
  });

  it('uses the class archive if there is one, and quotes paths with blanks', () => {
    expect(commandOf().env['SPARK_SUBMIT_OPTS']).toBe(
      '-XX:TieredStopAtLevel=1 -XX:+UseSerialGC -XX:-UsePerfData ' +
        '"-Djava.io.tmpdir=/run/my batch/tmp" "-Dderby.system.home=/run/my batch/tmp" ' +
        '-Dlog4j2.configurationFile=/run/log4j2.properties',
    );
    expect(commandOf(python, {}, '/spark.jsa').env['SPARK_SUBMIT_OPTS']).toContain(
      ' -XX:SharedArchiveFile=/spark.jsa ',
    );
  });

  it('adds the variables that the properties ask for, and lets them change none of its own', () => {
    const { env } = commandOf(python, {
      'spark.dataproc.driverEnv.MODE': 'fast',
      'spark.dataproc.driverEnv.TZ': 'Asia/Tokyo',
    });
    expect([env['MODE'], env['TZ']]).toEqual(['fast', 'UTC']);
  });

  it('brings files and archives to the driver by a step before spark-submit', () => {
    const files = { fileUris: ['gs://b/a.txt'], archiveUris: ['gs://b/m.zip#m'] };
    const { program, args } = commandOf({ ...python, ...files });
    expect(program).toBe('/venv/bin/python');
    expect([args[0], ...args.slice(2, 8)]).toEqual([
      '-I',
      'http://127.0.0.1:4443',
      '/run/my batch/work',
      'file=gs://b/a.txt',
      'archive=gs://b/m.zip#m',
      '--',
      '/spark/bin/spark-submit',
    ]);
  });

  it('names a class that is in one of the jar files, or in Spark', () => {
    const main = { kind: 'class', name: 'org.example.Main' } as const;
    const jarFileUris = ['gs://code/a.jar'];
    const { args } = commandOf({ kind: 'spark', main, args: ['x'], ...attachments, jarFileUris });
    expect(args.slice(-6)).toEqual([
      ...['--jars', 'gs://code/a.jar', '--class', 'org.example.Main', 'spark-internal', 'x'],
    ]);
  });

  it('finds files of Dataproc’s image where Spark is, and no other files of this machine', () => {
    const example = 'file:///usr/lib/spark/examples/jars/spark-examples.jar';
    const jar = (uri: string): SparkWork => ({
      ...{ kind: 'spark', main: { kind: 'jar', uri }, args: [], ...attachments },
    });
    expect(commandOf(jar(example)).args.at(-1)).toBe(
      'file:///spark/examples/jars/spark-examples.jar',
    );
    for (const uri of ['file:///usr/lib/spark/../x.jar', 'file:///x.jar', '/x.jar', 'hdfs:///x'])
      expect(() => commandOf(jar(uri))).toThrow(
        `The file ${JSON.stringify(uri)} is not there on the local Dataproc.`,
      );
  });

  it('runs statements from a file, with variables', () => {
    const queries = { kind: 'list', statements: ['SELECT 1'] } as const;
    const sql = (variables: Readonly<Record<string, string>>): SparkWork => ({
      ...{ kind: 'sparkSql', queries, variables, jarFileUris: [] },
    });
    expect(commandOf(sql({ a: '-e x; y' })).args.slice(-7)).toEqual([
      '--class',
      'org.apache.spark.sql.hive.thriftserver.SparkSQLCLIDriver',
      'spark-internal',
      '-f',
      '/run/my batch/statements.sql',
      '--hivevar',
      'a=-e x; y',
    ]);
  });
});
