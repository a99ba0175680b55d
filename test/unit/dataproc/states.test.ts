import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { describe, expect, it } from 'vitest';
import {
  CLUSTER_JOB_STATES,
  toClusterJobState,
  toWorkflowState,
  WAITING_SUBSTATES,
  WORKFLOW_STATES,
} from '../../../shared/dataproc/states.ts';

/** Words of an enum in the protos that Google ships. */
function readWords(...path: readonly string[]): readonly string[] {
  const protos = createRequire(import.meta.url).resolve(
    '@google-cloud/dataproc/build/protos/protos.json',
  );
  let node: unknown = JSON.parse(readFileSync(protos, 'utf8'));
  for (const name of ['google', 'cloud', 'dataproc', 'v1', ...path])
    node = (node as { readonly nested: Record<string, unknown> }).nested[name];
  return Object.keys((node as { readonly values: object }).values).sort();
}

describe('the tables of states', () => {
  it.each([
    ['JobStatus', 'State', CLUSTER_JOB_STATES],
    ['JobStatus', 'Substate', WAITING_SUBSTATES],
    ['WorkflowMetadata', 'State', WORKFLOW_STATES],
  ])('hold every word of %s.%s that Google’s protos know and no other', (type, name, table) => {
    expect(Object.keys(table).sort()).toEqual(readWords(type, name));
  });

  it.each([
    ['STATE_UNSPECIFIED', undefined, 'queued'],
    ['PENDING', undefined, 'queued'],
    ['SETUP_DONE', undefined, 'queued'],
    ['RUNNING', undefined, 'running'],
    ['RUNNING', 'UNSPECIFIED', 'running'],
    ['RUNNING', 'SUBMITTED', 'queued'],
    ['RUNNING', 'QUEUED', 'queued'],
    ['RUNNING', 'STALE_STATUS', 'running'],
    ['CANCEL_PENDING', undefined, 'cancelling'],
    ['CANCEL_STARTED', 'QUEUED', 'cancelling'],
    ['CANCELLED', undefined, 'cancelled'],
    ['DONE', undefined, 'succeeded'],
    ['ERROR', undefined, 'failed'],
    ['ATTEMPT_FAILURE', undefined, 'running'],
  ])('map %s with the substate %s to %s', (state, substate, expected) => {
    expect(toClusterJobState(state, substate)).toBe(expected);
  });

  it.each([
    ['UNKNOWN', 'queued'],
    ['PENDING', 'queued'],
    ['RUNNING', 'queued'],
    ['DONE', 'succeeded'],
  ])('map a workflow without a job from %s to %s', (state, expected) => {
    expect(toWorkflowState(state)).toBe(expected);
  });

  it.each(['SUCCEEDED', 'done', '', 'toString', '__proto__', 5, undefined])(
    'have no %j',
    (word) => {
      expect(toClusterJobState(word, undefined)).toBeUndefined();
      expect(toWorkflowState(word)).toBeUndefined();
    },
  );
});
