import { ApiError } from '../api/api-error.ts';

/** The one project and region that there is. */
export interface Place {
  readonly project: string;
  readonly region: string;
}

/** Returns `projects/…/regions/…`, which most resources live in. */
export function regionOf({ project, region }: Place): string {
  return `projects/${project}/regions/${region}`;
}

/**
 * Refuses what is elsewhere. Google answers for a foreign project as for one that the caller has no
 * permission on.
 * @throws ApiError PERMISSION_DENIED or NOT_FOUND
 */
export function requirePlace(place: Place, project: unknown, region: unknown): void {
  if (project !== place.project)
    throw new ApiError(
      'PERMISSION_DENIED',
      `Permission denied on resource project ${toText(project)}.`,
    );
  if (region !== place.region)
    throw new ApiError(
      'NOT_FOUND',
      `Not found: Location projects/${place.project}/locations/${toText(region)}`,
    );
}

/** Refuses a `projects/…/regions/…` or `projects/…/locations/…` that is elsewhere. @throws ApiError */
export function requireParent(place: Place, parent: unknown): void {
  const [, project, region] =
    /^projects\/([^/]*)\/(?:locations|regions)\/([^/]*)$/.exec(toText(parent)) ?? [];
  requirePlace(place, project ?? '', region ?? '');
}

/**
 * Names what lives in a location by it. Batches are asked for under `regions` as well, as the
 * official Airflow operator does when it creates one, and read back under `locations`.
 * Source: https://github.com/apache/airflow, providers/google, hooks/dataproc.py
 */
export function toLocationName(name: string): string {
  return name.replace(/^(projects\/[^/]+)\/regions\//, '$1/locations/');
}

/** Names what lives in a region by it; operations are asked for under `locations` as well. */
export function toRegionName(name: string): string {
  return name.replace(/^(projects\/[^/]+)\/locations\//, '$1/regions/');
}

function toText(value: unknown): string {
  return typeof value === 'string' ? value.slice(0, 200) : '';
}
