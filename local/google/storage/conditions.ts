import { StorageError } from './storage-error.ts';

/** Which generation of an object a call is about; undefined for whichever there is. */
export interface Conditions {
  /** Generation that the object must have; `0` for none. */
  readonly ifGenerationMatch: string | undefined;
  /** Generation that is asked for. */
  readonly generation: string | undefined;
}

const unknown = [
  'ifGenerationNotMatch',
  'ifMetagenerationMatch',
  'ifMetagenerationNotMatch',
  'ifSourceGenerationMatch',
];

/**
 * Reads the conditions in the query of the JSON API; one that is not known here is refused, since
 * to go on without it could destroy something. @throws StorageError
 */
export function parseConditions(query: URLSearchParams): Conditions {
  const stray = unknown.find((name) => query.has(name));
  if (stray !== undefined)
    throw new StorageError('NotImplemented', `The condition ${stray} is not implemented.`);
  return {
    ifGenerationMatch: findGeneration(query, 'ifGenerationMatch'),
    generation: findGeneration(query, 'generation'),
  };
}

/** Checks the generation that an object has, `0` when it does not exist. @throws StorageError */
export function checkGeneration(generation: string, { ifGenerationMatch }: Conditions): void {
  if (ifGenerationMatch !== undefined && ifGenerationMatch !== generation)
    throw new StorageError(
      'PreconditionFailed',
      'At least one of the pre-conditions you specified did not hold.',
    );
}

function findGeneration(query: URLSearchParams, name: string): string | undefined {
  const values = query.getAll(name);
  if (values.length > 1 || values.some((value) => !/^\d{1,19}$/.test(value)))
    throw new StorageError('InvalidArgument', `Invalid value for ${name}.`);
  return values[0];
}
