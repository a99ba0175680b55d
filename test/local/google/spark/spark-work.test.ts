import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { SparkJarWork, SparkSqlWork, SparkWork } from '../../../../local/google/spark/work.ts';
import { waitFor } from '../google-server.ts';
import { makeFolder, toolchain } from '../local-server.ts';
import {
  compileJar,
  makeSpec,
  readOutput,
  startEngine,
  storeProgram,
  type TestEngine,
} from './engine.ts';

const [folder, removeFolder] = makeFolder();
const files = 'gs://jobgate-data/files';
let spark: TestEngine;

beforeAll(async () => {
  spark = await startEngine(folder);
  const { toolchain } = spark.configuration;
  await putFile('probe.jar', readFileSync(await compileJar(folder, toolchain)));
  await putFile('names.txt', 'owl\ngull\n');
  await putFile('helper.py', 'def double(n):\n    return 2 * n\n');
  await putFile('model.zip', makeArchive('zip'));
  await putFile('model.tar.gz', makeArchive('gztar'));
});

afterAll(async () => {
  await spark.store.stop();
  removeFolder();
});

function putFile(name: string, content: string | Buffer): Promise<void> {
  return spark.store.put(`${files}/${name}`, Buffer.from(content));
}

/** Makes an archive of one file, `weights.txt`. */
function makeArchive(format: string): Buffer {
  const root = join(folder, 'archived');
  const program = [
    'import pathlib, shutil, sys',
    'root = pathlib.Path(sys.argv[1]); root.mkdir(exist_ok=True)',
    '(root / "weights.txt").write_text("0.5")',
    'print(shutil.make_archive(sys.argv[1], sys.argv[2], root), end="")',
  ];
  const args = ['-c', program.join('\n'), root, format];
  return readFileSync(
    execFileSync(spark.configuration.toolchain.python, args, { encoding: 'utf8' }),
  );
}

function jarWork(main: SparkJarWork['main'], rest: Partial<SparkJarWork> = {}): SparkJarWork {
  const nothing = { jarFileUris: [], fileUris: [], archiveUris: [] };
  return { kind: 'spark', main, args: ['3', 'you'], ...nothing, ...rest };
}

function sqlWork(
  queries: SparkSqlWork['queries'],
  variables: Readonly<Record<string, string>> = {},
): SparkSqlWork {
  return { kind: 'sparkSql', queries, variables, jarFileUris: [] };
}

describe('a Python program', () => {
  it('has its files, archives, modules, jars and variables on the driver and on workers', async () => {
    const work = await storeProgram(
      spark.store,
      `
import os, sys
from pyspark import SparkFiles
from pyspark.sql import SparkSession
print(open("names.txt").read().split(), sorted(os.listdir()))
print(open("model.zip/weights.txt").read(), open("model/weights.txt").read())
from helper import double
spark = SparkSession.builder.getOrCreate()
print(spark._jvm.probe.Greeting.text("jar"), open(SparkFiles.get("names.txt")).readline())
seen = spark.sparkContext.parallelize([1], 1).map(lambda n: (double(n), os.environ["WORKER"]))
print(seen.collect(), os.environ["DRIVER"], os.environ.get("WORKER"), sys.argv[1:])
print(spark.conf.get("spark.sql.shuffle.partitions"), spark.conf.get("spark.x"))
`,
      {
        args: ['--name', 'a b'],
        pythonFileUris: [`${files}/helper.py`],
        jarFileUris: [`${files}/probe.jar`],
        fileUris: [`${files}/names.txt`],
        archiveUris: [`${files}/model.zip`, `${files}/model.tar.gz#model`],
      },
    );
    const properties = {
      'spark.dataproc.driverEnv.DRIVER': 'of the driver',
      'spark.executorEnv.WORKER': 'of a worker',
      'spark.x': '$(id) "quoted"',
      'spark.driver.extraJavaOptions': '-Duser.timezone=Asia/Tokyo',
    };
    expect(await spark.run(work, properties)).toEqual({
      end: { kind: 'succeeded' },
      output: [
        `['owl', 'gull'] ['model', 'model.zip', 'names.txt']`,
        '0.5 0.5',
        'hello jar owl\n',
        `[(2, 'of a worker')] of the driver None ['--name', 'a b']`,
        '8 $(id) "quoted"\n',
      ].join('\n'),
    });
  });

  it.each([
    ['fileUris', 'FileNotFoundError: Item not found: gs://jobgate-data/files/none.txt'],
    ['archiveUris', 'FileNotFoundError: Item not found: gs://jobgate-data/files/none.txt'],
  ])('whose %s name what is not there fails before it runs', async (key, reason) => {
    const work = await storeProgram(spark.store, 'print("ran")', { [key]: [`${files}/none.txt`] });
    const { end, output } = await spark.run(work);
    expect(end).toEqual({ kind: 'failed', reason });
    expect(output).not.toContain('ran');
  });

  it('does not reach a file of this machine', async () => {
    const work = await storeProgram(spark.store, '', { fileUris: ['file:///etc/hostname'] });
    await expect(spark.run(work)).rejects.toThrow(
      'The file "file:///etc/hostname" is not there on the local Dataproc.',
    );
  });
});

describe('a program of the JVM', () => {
  it('is the main class that the manifest of its jar names', async () => {
    const work = jarWork(
      { kind: 'jar', uri: `${files}/probe.jar` },
      { fileUris: [`${files}/names.txt`] },
    );
    const { end, output } = await spark.run(work);
    expect(end).toEqual({ kind: 'succeeded' });
    expect(output).toBe('3 rows, hello you, names.txt\n');
  });

  it('is a class of one of its jar files', async () => {
    const main = { kind: 'class', name: 'probe.Main' } as const;
    const { end, output } = await spark.run(jarWork(main, { jarFileUris: [`${files}/probe.jar`] }));
    expect(end).toEqual({ kind: 'succeeded' });
    expect(output).toBe('3 rows, hello you, \n');
  });

  it('fails with the exception that its main class ended with', async () => {
    const work = jarWork({ kind: 'jar', uri: `${files}/probe.jar` }, { args: ['many', 'you'] });
    expect((await spark.run(work)).end).toEqual({
      kind: 'failed',
      reason: 'java.lang.NumberFormatException: For input string: "many"',
    });
  });
});

describe('SQL statements', () => {
  it('run in their order, with variables, and print their rows', async () => {
    const statements = [
      "CREATE TABLE birds USING parquet AS SELECT 1 AS n, '${who}' AS who -- a comment; here",
      "SELECT n, who, 'a;b' FROM birds; SELECT '${hivevar:quoted}'",
    ];
    const variables = { who: 'a=b $(id)', quoted: 'x "y" z' };
    const { end, output } = await spark.run(sqlWork({ kind: 'list', statements }, variables));
    expect(end).toEqual({ kind: 'succeeded' });
    expect(output).toContain('\n1\ta=b $(id)\ta;b\n');
    expect(output).toContain('\nx "y" z\n');
  });

  it('come from a file, and the first that fails ends the run', async () => {
    await putFile('bad.sql', "SELECT 'first';\nSELECT * FROM missing;\nSELECT 'third';\n");
    const { end, output } = await spark.run(sqlWork({ kind: 'file', uri: `${files}/bad.sql` }));
    expect(end).toMatchObject({ kind: 'failed' });
    expect(end).toHaveProperty(
      'reason',
      expect.stringMatching(/^\[TABLE_OR_VIEW_NOT_FOUND\] The table or view `missing`/),
    );
    expect(output).toContain('\nfirst\n');
    expect(output).not.toContain('third');
  });

  it('leave nothing outside the folder of their run', async () => {
    const statements = ['CREATE TABLE t (n INT) USING parquet', 'SHOW TABLES'];
    const first = await spark.run(sqlWork({ kind: 'list', statements }));
    const second = await spark.run(sqlWork({ kind: 'list', statements }));
    expect([first.end, second.end]).toEqual([{ kind: 'succeeded' }, { kind: 'succeeded' }]);
  });
});

const { classArchive } = toolchain;
if (classArchive === null)
  process.stdout.write('skipped: .local/toolchain.json has no class archive to look for\n');

describe.skipIf(classArchive === null)('the class archive', () => {
  const kinds: readonly (readonly [string, () => Promise<SparkWork>])[] = [
    [
      'a Python program with a jar',
      () => storeProgram(spark.store, '', { jarFileUris: [`${files}/probe.jar`] }),
    ],
    [
      'a program of the JVM',
      () => Promise.resolve(jarWork({ kind: 'jar', uri: `${files}/probe.jar` })),
    ],
    ['SQL statements', () => Promise.resolve(sqlWork({ kind: 'list', statements: ['SELECT 1'] }))],
  ];

  it.each(kinds)('is mapped into the Java of %s', async (_, makeWork) => {
    const spec = makeSpec(await makeWork());
    const driver = await spark.engine.start(spec);
    let over = false;
    const ended = driver.ended.finally(() => (over = true));
    const pid = await waitFor(async () => {
      const text = (await readOutput(spark.store.address, spec)).join('');
      return /^\S+ \S+ INFO SparkSubmit: driver pid (\d+), run /.exec(text)?.[1];
    });
    const isMapped = await waitFor(() => {
      if (readMaps(pid).includes(String(classArchive))) return Promise.resolve(true);
      return Promise.resolve(over ? false : undefined);
    });
    expect(isMapped).toBe(true);
    expect(await ended).toEqual({ kind: 'succeeded' });
  });
});

function readMaps(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/maps`, 'utf8');
  } catch {
    return '';
  }
}
