/**
 * Calls a function once in a process of its own, which does nothing else, and prints how it answered as the last line:
 * `{"status":202,"id":"jg-…","state":"queued","rssBytes":…}`. Plain JavaScript, so that no types are stripped in the time
 * that is measured; Node's modules are taken without the wrapper that an import makes, which costs time of its own.
 *
 *     node bench/first-answer.mjs <bundle.mjs> <event.json>
 */
const [, , bundle, file] = process.argv;
const { handler } = await import(bundle);
const event = JSON.parse(process.getBuiltinModule('node:fs').readFileSync(file, 'utf8'));
event.headers['Idempotency-Key'] = `${process.pid}-${Date.now()}`;
const result = await handler(event, { getRemainingTimeInMillis: () => 28_000 });
const { id, state } = JSON.parse(result.body);
const rssBytes = process.memoryUsage.rss();
process.stdout.write(`${JSON.stringify({ status: result.statusCode, id, state, rssBytes })}\n`);
