import { toProgram } from './template-program.ts';
import type { TemplateSource } from './template-source.ts';

/** Turns the author's words, which have no faults, into the shape that Jobgate reads. */
export function toTemplate(source: TemplateSource): unknown {
  const { job, output, runtimeAccount = null, ...rest } = source.content;
  const { uri } = output as { readonly uri: string };
  return { ...rest, runtimeAccount, program: toProgram(job), output: uri, digest: source.digest };
}
