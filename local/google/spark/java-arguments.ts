import { join } from 'node:path';
import type { SparkSurroundings } from './driver-environment.ts';

/**
 * Lists the Java command that `spark-submit` starts, up to the class; its own options follow.
 * Source: https://github.com/apache/spark, SparkSubmitCommandBuilder.java
 */
export function listJavaArguments(
  properties: Readonly<Record<string, string>>,
  { toolchain, folder, log4jFile }: SparkSurroundings,
): readonly string[] {
  const { javaHome, sparkHome, gcsConnectorJar, classArchive } = toolchain;
  const temporary = join(folder, 'tmp');
  const classPath = [gcsConnectorJar, join(sparkHome, 'conf'), join(sparkHome, 'jars', '*')];
  return [
    ...[join(javaHome, 'bin', 'java'), '-cp', classPath.join(':')],
    ...fastStart,
    ...(classArchive === null ? [] : [`-XX:SharedArchiveFile=${classArchive}`]),
    `-Djava.io.tmpdir=${temporary}`,
    `-Dderby.system.home=${temporary}`,
    `-Dlog4j2.configurationFile=${log4jFile}`,
    `-Xmx${properties['spark.driver.memory'] ?? '1g'}`,
    ...splitWords(properties['spark.driver.extraJavaOptions'] ?? ''),
    ...moduleOptions,
    'org.apache.spark.deploy.SparkSubmit',
  ];
}

/** A class archive fits one set of the first two: the one that it was made with. */
const fastStart = ['-XX:TieredStopAtLevel=1', '-XX:+UseSerialGC', '-XX:-UsePerfData'];

/** What Spark needs to be let into. Source: https://github.com/apache/spark, JavaModuleOptions.java */
const moduleOptions = [
  '-XX:+IgnoreUnrecognizedVMOptions',
  ...[
    ...['java.base/java.lang', 'java.base/java.lang.invoke', 'java.base/java.lang.reflect'],
    ...['java.base/java.io', 'java.base/java.net', 'java.base/java.nio', 'java.base/java.util'],
    ...['java.base/java.util.concurrent', 'java.base/java.util.concurrent.atomic'],
    ...['java.base/jdk.internal.ref', 'java.base/sun.nio.ch', 'java.base/sun.nio.cs'],
    ...['java.base/sun.security.action', 'java.base/sun.util.calendar'],
    'java.security.jgss/sun.security.krb5',
  ].map((name) => `--add-opens=${name}=ALL-UNNAMED`),
  '-Djdk.reflect.useDirectMethodHandle=false',
];

/** The options that a run may have hold no quotes. */
function splitWords(options: string): readonly string[] {
  return options.split(/\s+/).filter((word) => word !== '');
}
