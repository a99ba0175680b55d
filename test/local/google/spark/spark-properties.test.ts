import { describe, expect, it } from 'vitest';
import { checkSparkProperties } from '../../../../local/google/spark/spark-properties.ts';

describe('a property of Spark', () => {
  it.each([
    ['spark.sql.shuffle.partitions', '4'],
    ['spark.driver.memory', '2g'],
    ['spark.executorEnv.MODE', 'x y'],
    ['spark.dataproc.driverEnv.PYTHONHASHSEED', '0'],
    ['spark.driver.extraJavaOptions', '-Duser.timezone=UTC -Da.b=c'],
    ['spark.hadoop.fs.defaultFS', 'gs://b'],
  ])('%s may be set', (name, value) => {
    expect(() => {
      checkSparkProperties({ [name]: value });
    }).not.toThrow();
  });

  it.each([
    ['spark.master', 'yarn'],
    ['spark.remote', 'sc://h'],
    ['spark.submit.pyFiles', 'x'],
    ['spark.launcher.port', '1'],
    ['spark.driver.extraJavaOptions', '-javaagent:/x.jar'],
    ['spark.driver.extraJavaOptions', '-Da=b -Dspark.master=yarn'],
    ['spark.driver.extraJavaOptions', '-Djava.io.tmpdir=/tmp'],
    ['spark.driver.extraJavaOptions', '-Da="b -XX:OnError=x"'],
    ['spark.executor.extraJavaOptions', '-XX:+UseG1GC'],
    ['spark.hadoop.fs.gs.auth.service.account.enable', 'true'],
    ['spark.hadoop.google.cloud.auth.service.account.enable', 'true'],
    ['spark.dataproc.driverEnv.JOBGATE_DRIVER', 'x'],
    ['spark.dataproc.driverEnv.LD_PRELOAD', '/x.so'],
    ['spark.dataproc.driverEnv.BASH_ENV', '/x'],
    ['spark.dataproc.driverEnv.A-B', 'x'],
    ['spark.executorEnv.JOBGATE_DRIVER', 'x'],
    ['spark.jars.packages', 'a:b:1'],
  ])('%s may not be %s', (name, value) => {
    expect(() => {
      checkSparkProperties({ [name]: value });
    }).toThrow(`Property "${name}" cannot be set on a batch.`);
  });
});
