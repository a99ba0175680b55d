import type { Guard } from '../policy/guard.ts';
import type { Catalog } from '../templates/catalog.ts';
import type { Validator } from '../templates/parameters.ts';
import type { JobsApp } from './jobs.ts';

/** What submitting and planning need beside the job adapters. */
export interface SubmitApp {
  readonly jobs: () => JobsApp;
  readonly catalog: Catalog;
  readonly bodyValidator: Validator;
  readonly parameterValidators: Readonly<Record<string, Validator | undefined>>;
  readonly admitJob: Guard['admitJob'];
  readonly now: () => Date;
}
