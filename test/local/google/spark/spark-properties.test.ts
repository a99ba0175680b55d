import { describe, expect, it } from 'vitest';
import { checkSparkProperties } from '../../../../local/google/spark/spark-properties.ts';

describe('a property of Spark', () => {
  it.each([
    ['spark.sql.shuffle.partitions', '4'],
    ['spark.driver.memory', '2g'],
    ['spark.executorEnv.MODE', 'x y'],
    ['spark.dataproc.driverEnv.PYTHONHASHSEED', '0'],
    ['spark.driver.extraJavaOptions', '-Duser.timezone=UTC -Da.b=c'],
    ['spark.dataproc.driverEnv.MY_PATH', '/x'],
    ['spark.dataproc.driverEnv.R', '1'],
    ['spark.hadoop.fs.defaultFS', 'gs://b'],
  ])('%s may be set', (name, value) => {
    expect(() => {
      checkSparkProperties({ [name]: value }, 'batch');
    }).not.toThrow();
  });

  it.each<readonly [name: string, value: string]>([
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
    ['spark.dataproc.driverEnv.lower', 'x'],
    ...[
      ...['SHELLOPTS', 'BASHOPTS', 'PS4', 'ENV', 'PROMPT_COMMAND', 'TAR_OPTIONS', 'CLASSPATH'],
      ...['HADOOP_CONF_DIR', 'SPARK_CONF_DIR', 'PYTHONPATH', 'PYTHONSTARTUP', 'PYTHONHOME'],
      ...['PYSPARK_PYTHON', 'JAVA_TOOL_OPTIONS', '_JAVA_OPTIONS', 'JDK_JAVA_OPTIONS'],
      ...['DYLD_INSERT_LIBRARIES', 'GLIBC_TUNABLES', 'IFS', 'CDPATH', 'PATH', 'HOME', 'TMPDIR'],
    ].map((name) => [`spark.dataproc.driverEnv.${name}`, 'x'] as const),
    ['spark.executorEnv.PYTHONPATH', '/x'],
    ['spark.driver.extraJavaOptions', '-Dcom.sun.management.jmxremote.port=1'],
    ['spark.executor.extraJavaOptions', '-Dcom.sun.jndi.ldap.object.trustURLCodebase=true'],
    ['spark.executorEnv.JOBGATE_DRIVER', 'x'],
    ['spark.jars.packages', 'a:b:1'],
  ])('%s may not be %s', (name, value) => {
    expect(() => {
      checkSparkProperties({ [name]: value }, 'batch');
    }).toThrow(`Property "${name}" cannot be set on a batch.`);
  });

  it.each(['batch', 'job', 'step', 'cluster'] as const)('is refused on a %s as such', (kind) => {
    expect(() => {
      checkSparkProperties({ 'spark.master': 'yarn' }, kind);
    }).toThrow(`Property "spark.master" cannot be set on a ${kind}.`);
  });
});
