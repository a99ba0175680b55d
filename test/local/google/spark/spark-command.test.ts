import { describe, expect, it } from 'vitest';
import { Batch } from '../../../../local/google/dataproc/batch.ts';
import { parseBatchRequest } from '../../../../local/google/dataproc/batch-request.ts';
import {
  makeSparkCommand,
  type SparkCommand,
} from '../../../../local/google/spark/spark-command.ts';
import { sampleRequest } from '../dataproc/sample-batch.ts';

const toolchain = {
  python: '/venv/bin/python',
  javaHome: '/java',
  sparkHome: '/spark',
  gcsConnectorJar: '/lib/gcs.jar',
  classArchive: null,
  fakeGcsServer: '/bin/fake-gcs-server',
  node: '/bin/node',
};

function commandOf(batch: object, classArchive: string | null = null): SparkCommand {
  const identity = {
    creator: 'submitter',
    operation: 'operation',
    stagingBucket: 'staging',
    createTime: new Date(0),
    sequence: 1,
  };
  return makeSparkCommand(
    new Batch(parseBatchRequest(sampleRequest({ ...batch })), identity).spec,
    {
      toolchain: { ...toolchain, classArchive },
      project: 'local',
      storage: 'http://127.0.0.1:4443',
      folder: '/run/my batch',
      log4jFile: '/run/log4j2.properties',
      marks: { JOBGATE_RUN: 'run-1', JOBGATE_BATCH: 'sample-1' },
    },
  );
}

describe('the command of a batch', () => {
  it('has the arguments of the batch at its end, each as it was', () => {
    const args = ['--conf', 'spark.master=yarn', 'a b', '$(id)'];
    const work = {
      mainPythonFileUri: 'gs://code/main.py',
      pythonFileUris: ['gs://code/a.zip', 'gs://code/b.py'],
      args,
    };
    const command = commandOf({ pysparkBatch: work });
    expect(command.program).toBe('/spark/bin/spark-submit');
    expect(command.args.slice(-7)).toEqual([
      '--py-files',
      'gs://code/a.zip,gs://code/b.py',
      'gs://code/main.py',
      ...args,
    ]);
  });

  it('has the properties of the batch before those of the service, where the last one counts', () => {
    const properties = { 'spark.sql.shuffle.partitions': '4', 'spark.x': '; rm -rf /' };
    const { args } = commandOf({ runtimeConfig: { properties } });
    const settings = args.filter((_, at) => args[at - 1] === '--conf');
    expect(settings.slice(0, 4)).toEqual([
      'spark.sql.shuffle.partitions=8',
      'spark.sql.shuffle.partitions=4',
      'spark.x=; rm -rf /',
      'spark.ui.enabled=false',
    ]);
    expect(settings.at(-1)).toBe('spark.hadoop.fs.gs.storage.root.url=http://127.0.0.1:4443');
  });

  it('takes nothing from the environment of this process', () => {
    process.env['AWS_SECRET_ACCESS_KEY'] = 'secret';
    const { env } = commandOf({});
    delete process.env['AWS_SECRET_ACCESS_KEY'];
    expect(Object.keys(env).sort()).toEqual([
      'HOME',
      'JAVA_HOME',
      'JOBGATE_BATCH',
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
    expect(commandOf({}).env['SPARK_SUBMIT_OPTS']).toBe(
      '-XX:TieredStopAtLevel=1 -XX:+UseSerialGC -XX:-UsePerfData ' +
        '"-Djava.io.tmpdir=/run/my batch/tmp" -Dlog4j2.configurationFile=/run/log4j2.properties',
    );
    expect(commandOf({}, '/spark.jsa').env['SPARK_SUBMIT_OPTS']).toContain(
      ' -XX:SharedArchiveFile=/spark.jsa ',
    );
  });
});
