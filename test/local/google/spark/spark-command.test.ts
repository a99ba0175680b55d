import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  makeSparkCommand,
  type SparkCommand,
} from '../../../../local/google/spark/spark-command.ts';
import type { Toolchain } from '../../../../local/google/configuration.ts';
import { readToolchain } from '../../../../local/up/toolchain.ts';
import type { PySparkWork, SparkWork } from '../../../../local/google/spark/work.ts';
import { makeSpec } from './engine.ts';

const toolchain: Toolchain = {
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
  tools: Toolchain = toolchain,
): SparkCommand {
  return makeSparkCommand(makeSpec(work, properties), {
    toolchain: tools,
    project: 'local',
    storage: 'http://127.0.0.1:4443',
    folder: '/run/my batch',
    log4jFile: '/run/log4j2.properties',
    outputFile: '/run/my batch/driver.log',
    marks: { JOBGATE_RUN: 'run-1', JOBGATE_DRIVER: 'driver-1' },
  });
}

const sparkSubmit = 'org.apache.spark.deploy.SparkSubmit';

/** The options in an order of their own, with the class path and the class archive among them. */
function toJavaOptions(command: readonly string[]): readonly string[] {
  return command.slice(0, command.indexOf(sparkSubmit)).toSorted();
}

/** Asks Spark's own launcher for its command; `ours` holds the options of this service's own. */
function askLauncher(
  ours: SparkCommand,
  properties: Readonly<Record<string, string>>,
  { javaHome, sparkHome }: Toolchain,
): readonly string[] {
  const memory = ours.args.findIndex((option) => option.startsWith('-Xmx'));
  const settings = Object.entries(properties).flatMap(([key, value]) => [
    '--conf',
    `${key}=${value}`,
  ]);
  const jar = ours.args[ours.args.indexOf('--driver-class-path') + 1] ?? '';
  const launcher = ['-cp', join(sparkHome, 'jars', '*'), 'org.apache.spark.launcher.Main'];
  const submit = [sparkSubmit, '--driver-class-path', jar, ...settings, 'gs://code/main.py'];
  const options = ours.args.slice(2, memory).map((option) => `"${option}"`);
  const answer = execFileSync(join(javaHome, 'bin', 'java'), [...launcher, ...submit], {
    env: { ...ours.env, SPARK_SCALA_VERSION: '2.12', SPARK_SUBMIT_OPTS: options.join(' ') },
    encoding: 'utf8',
    timeout: 60_000,
  });
  return answer.replace(/^\n?\0\n/, '').split('\0');
}

describe('the command of a run', () => {
  it('has the arguments of the run at its end, each as it was', () => {
    const args = ['--conf', 'spark.master=yarn', 'a b', '$(id)'];
    const pythonFileUris = ['gs://code/a.zip', 'gs://code/b.py'];
    const command = commandOf({ ...python, pythonFileUris, args });
    expect(command.program).toBe('/java/bin/java');
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
      'PYTHONHASHSEED',
      'SPARK_HOME',
      'SPARK_LOCAL_DIRS',
      'SPARK_LOCAL_IP',
      'TMPDIR',
      'TZ',
    ]);
  });

  it('starts the Java that spark-submit would start, with the same options', () => {
    const installed = readToolchain();
    const properties = {
      'spark.driver.memory': '700m',
      'spark.driver.extraJavaOptions': '-Da=b  -Dc=d',
    };
    for (const each of [{}, properties]) {
      const command = commandOf(python, each, installed);
      expect(toJavaOptions([command.program, ...command.args])).toEqual(
        toJavaOptions(askLauncher(command, each, installed)),
      );
    }
  });

  it('adds the variables that the properties ask for, and lets them change none of its own', () => {
    const { env } = commandOf(python, {
      'spark.dataproc.driverEnv.MODE': 'fast',
      'spark.dataproc.driverEnv.TZ': 'Asia/Tokyo',
    });
    expect([env['MODE'], env['TZ']]).toEqual(['fast', 'UTC']);
  });

  it('brings files and archives to the driver by a step before Java', () => {
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
      '/java/bin/java',
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
