import type { protos } from '@google-cloud/dataproc';
import type { RenderedProgram, RenderedStatements } from '../templates/render.ts';

type Batch = protos.google.cloud.dataproc.v1.IBatch;
type Job = protos.google.cloud.dataproc.v1.IJob;

/** The part of a batch that says what runs; its properties stand elsewhere. */
export type BatchProgram = Pick<
  Batch,
  'pysparkBatch' | 'sparkBatch' | 'sparkRBatch' | 'sparkSqlBatch'
>;

/** The part of a job, or of a workflow's step, that says what runs. */
export type JobProgram = Pick<
  Job,
  'pysparkJob' | 'sparkJob' | 'sparkRJob' | 'sparkSqlJob' | 'hiveJob'
>;

/** Writes a program as a batch has it. @throws Error for Hive, which no batch runs. */
export function toBatchProgram(program: RenderedProgram): BatchProgram {
  switch (program.kind) {
    case 'pyspark':
      return { pysparkBatch: toPyspark(program) };
    case 'spark':
      return { sparkBatch: toSpark(program) };
    case 'sparkR':
      return { sparkRBatch: toSparkR(program) };
    case 'sparkSql': {
      const { mainUri, variables, jarUris } = program;
      const queryVariables = { ...variables };
      return {
        sparkSqlBatch: { queryFileUri: mainUri, queryVariables, jarFileUris: [...jarUris] },
      };
    }
    case 'hive':
      throw new Error('a batch does not run Hive');
    default:
      return program satisfies never;
  }
}

/** Writes a program as a job on a cluster has it. */
export function toJobProgram(program: RenderedProgram): JobProgram {
  const properties = { ...program.properties };
  switch (program.kind) {
    case 'pyspark':
      return { pysparkJob: { ...toPyspark(program), properties } };
    case 'spark':
      return { sparkJob: { ...toSpark(program), properties } };
    case 'sparkR':
      return { sparkRJob: { ...toSparkR(program), properties } };
    case 'sparkSql':
      return { sparkSqlJob: { ...toScript(program), properties } };
    case 'hive':
      return { hiveJob: { ...toScript(program), properties } };
    default:
      return program satisfies never;
  }
}

type Of<Kind extends RenderedProgram['kind']> = Extract<RenderedProgram, { readonly kind: Kind }>;

function toPyspark({ mainUri, pyFileUris, args }: Of<'pyspark'>): object {
  return { mainPythonFileUri: mainUri, pythonFileUris: [...pyFileUris], args: [...args] };
}

function toSpark({ main, jarUris, args }: Of<'spark'>): object {
  const start = main.kind === 'jar' ? { mainJarFileUri: main.uri } : { mainClass: main.name };
  return { ...start, jarFileUris: [...jarUris], args: [...args] };
}

function toSparkR({ mainUri, args }: Of<'sparkR'>): object {
  return { mainRFileUri: mainUri, args: [...args] };
}

function toScript({ mainUri, jarUris, variables }: RenderedStatements): object {
  const scriptVariables = { ...variables };
  return { queryFileUri: mainUri, scriptVariables, jarFileUris: [...jarUris] };
}
