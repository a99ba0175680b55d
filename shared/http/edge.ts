import { readEdgeConfig } from '../config/edge.ts';
import { ConfigError, type Environment } from '../config/reader.ts';

/** What answers say of the deployment that makes them. */
export interface Edge {
  /** Base of the public address; null leaves it out. */
  readonly publicUrl: string | null;
  /** Origins whose pages may read answers. */
  readonly corsOrigins: readonly string[];
}

const UNKNOWN_EDGE: Edge = { publicUrl: null, corsOrigins: [] };

/** Reads what a refusal says of the deployment. With a configuration at fault it says nothing, so that it can be answered. */
export function findEdge(environment: Environment): Edge {
  try {
    return readEdgeConfig(environment);
  } catch (error) {
    if (error instanceof ConfigError) return UNKNOWN_EDGE;
    throw error;
  }
}

/** Where a client finds out who issues tokens for this API. Source: RFC 9728 section 3.1. */
export function toMetadataUrl(publicUrl: string): string {
  return `${publicUrl}/.well-known/oauth-protected-resource/v1`;
}
