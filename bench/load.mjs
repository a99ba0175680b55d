/**
 * Loads a bundle and does nothing else. Ends with status 1 when it has no handler.
 *
 *     node bench/load.mjs <bundle.mjs>
 */
const { handler } = await import(process.argv[2]);
process.exitCode = typeof handler === 'function' ? 0 : 1;
