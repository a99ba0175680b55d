/** One route of the API: its operation, method, path under the stage, and the scope that it needs (null: any caller). */
export interface Route {
  readonly method: 'GET' | 'POST';
  readonly path: string;
  readonly scope: string | null;
  /** False for a route that is served without a token. */
  readonly authorized: boolean;
}

/** The routes, by operationId: what serverless.yml deploys, what the authorizer allows, what handlers check. */
export const ROUTES = {
  'list-templates': read('/v1/templates'),
  'get-template': read('/v1/templates/{template}'),
  'create-plan': { method: 'POST', path: '/v1/plans', scope: 'jobs:submit', authorized: true },
  'submit-job': { method: 'POST', path: '/v1/jobs', scope: 'jobs:submit', authorized: true },
  'create-upload': { method: 'POST', path: '/v1/uploads', scope: 'jobs:submit', authorized: true },
  'get-job': read('/v1/jobs/{job}'),
  'cancel-job': {
    method: 'POST',
    path: '/v1/jobs/{job}/cancel',
    scope: 'jobs:cancel',
    authorized: true,
  },
  'get-job-logs': read('/v1/jobs/{job}/logs'),
  'get-job-result': read('/v1/jobs/{job}/result'),
  'get-job-file': read('/v1/jobs/{job}/files/{path+}'),
  'get-job-audit': read('/v1/jobs/{job}/audit'),
  'get-me': { method: 'GET', path: '/v1/me', scope: null, authorized: true },
  'get-protected-resource': {
    method: 'GET',
    path: '/.well-known/oauth-protected-resource/v1',
    scope: null,
    authorized: false,
  },
  'get-health': { method: 'GET', path: '/v1/health', scope: null, authorized: false },
} as const satisfies Record<string, Route>;

/** Names an operation in every place: file, function, event, test. */
export type OperationId = keyof typeof ROUTES;

function read<Path extends string>(
  path: Path,
): {
  readonly method: 'GET';
  readonly path: Path;
  readonly scope: 'jobs:read';
  readonly authorized: true;
} {
  return { method: 'GET', path, scope: 'jobs:read', authorized: true };
}
