import type { Caller } from '../identity/caller.ts';
import { Denial } from '../problem.ts';
import type { Catalog } from '../templates/catalog.ts';
import { takesUploads } from '../templates/storage-uris.ts';
import { decideRun, type Decision } from './decision.ts';
import { describeIdentity, nameCaller } from './refusal.ts';

const RULE = 'uploads';

/** Decides whether a caller may put files: whoever may run a template that takes one, and nobody else. */
export function decideUpload(caller: Caller, catalog: Catalog): Decision {
  for (const template of catalog.filter(takesUploads)) {
    const decision = decideRun(caller, template);
    if (decision.kind === 'allow') return { kind: 'allow', rule: decision.rule };
  }
  return { kind: 'deny', rule: RULE, missing: ['a template that takes a file'] };
}

/** Refuses a caller who may run no template that takes a file. */
export function refuseUpload(caller: Caller, missing: readonly string[]): Denial {
  return new Denial(
    'template_forbidden',
    `You are ${nameCaller(caller)}; files are for jobs, and you may run no template that takes one. GET /v1/templates/{template} says how to ask for access.`,
    { rule: RULE, missing },
    { caller: { ...describeIdentity(caller), closestRule: RULE }, missing },
  );
}
