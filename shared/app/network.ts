import { createSend, type Send } from '../transport.ts';
import type { Runtime } from './runtime.ts';

/** What a process sends its requests with: node:https, unless the runtime brings a network of its own. */
export function openNetwork({ send, now }: Runtime): Send {
  return send ?? createSend(now);
}
