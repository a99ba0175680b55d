import { randomBytes } from 'node:crypto';

/** One client of the local identity provider, as its configuration names it. */
export interface Client {
  readonly id: string;
  readonly secret: string;
  readonly scopes: readonly string[];
  readonly groups: readonly string[];
}

/** The value that every access token names as its audience. */
export const audience = 'urn:jobgate';

const GRANTS = {
  analyst: { groups: ['analysts'], scopes: ['jobs:read', 'jobs:submit', 'jobs:cancel'] },
  viewer: { groups: ['analysts'], scopes: ['jobs:read'] },
  admin: {
    groups: ['platform'],
    scopes: ['jobs:read', 'jobs:submit', 'jobs:cancel', 'jobs:admin', 'data:read', 'audit:read'],
  },
  outsider: { groups: [], scopes: ['jobs:read', 'jobs:submit'] },
} as const;

/** The clients of the local identity provider. */
export const clientNames = ['analyst', 'viewer', 'admin', 'outsider'] as const;

/** What a client shows to get a token. */
export interface ClientCredentials {
  readonly id: string;
  readonly secret: string;
}

/** One of {@link clientNames}. */
export type ClientName = (typeof clientNames)[number];

/** Makes the four clients with secrets that live as long as the run. */
export function createClients(): Readonly<Record<ClientName, Client>> {
  const create = (name: ClientName): Client => ({
    id: name,
    secret: randomBytes(24).toString('base64url'),
    ...GRANTS[name],
  });
  return {
    analyst: create('analyst'),
    viewer: create('viewer'),
    admin: create('admin'),
    outsider: create('outsider'),
  };
}

/** Leaves what the provider alone needs out of the clients' description. */
export function toCredentials(
  clients: Readonly<Record<ClientName, Client>>,
): Readonly<Record<ClientName, ClientCredentials>> {
  const strip = ({ id, secret }: Client): ClientCredentials => ({ id, secret });
  return {
    analyst: strip(clients.analyst),
    viewer: strip(clients.viewer),
    admin: strip(clients.admin),
    outsider: strip(clients.outsider),
  };
}
