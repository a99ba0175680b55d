import type { IncomingMessage, ServerResponse } from 'node:http';
import { ApiError } from '../api/api-error.ts';
import { type FaultTable, parseFault } from '../api/faults.ts';
import { type Answer, parseTarget, readBody } from '../api/http-exchange.ts';
import type { Clock } from '../clock.ts';
import { parseJson, parseTable, parseWholeNumber, ShapeError } from '../shape.ts';
import { collectGarbage } from './garbage.ts';
import type { RequestLog } from './request-log.ts';

const maxBodyBytes = 64 * 1024;
const nothing: Answer = { status: 200, body: {} };

/** What the routes under /_local/ reach. */
export interface LocalRoutesOptions {
  readonly faults: FaultTable;
  /** Names of what faults may befall. */
  readonly rpcs: readonly string[];
  readonly log: RequestLog;
  readonly clock: Clock;
  /** Makes the whole server end as if it had failed; the sentence says why. */
  readonly stop: (sentence: string) => void;
}

/**
 * Answers what Google has not: faults, what was asked, the time, and the server's own end.
 * @throws ApiError NOT_FOUND
 * @throws ShapeError
 */
export async function answerLocally(
  request: IncomingMessage,
  response: ServerResponse,
  { faults, rpcs, log, clock, stop }: LocalRoutesOptions,
): Promise<Answer> {
  const { pathname, searchParams } = parseTarget(request);
  const route = `${request.method ?? 'GET'} ${pathname}`;
  switch (route) {
    case 'GET /_local/requests':
      return { status: 200, body: faults.counts() };
    case 'GET /_local/requests/log':
      return { status: 200, body: { requests: log.list(searchParams.get('rpc') ?? undefined) } };
    case 'DELETE /_local/requests/log':
      log.clear();
      return nothing;
    case 'GET /_local/memory':
      return { status: 200, body: measureMemory() };
    case 'DELETE /_local/faults':
      faults.clear();
      return nothing;
    case 'POST /_local/faults': {
      const { fault, count } = parseFault(await readJson(request, 'the fault'), rpcs);
      faults.add(fault, count);
      return nothing;
    }
    case 'POST /_local/clock':
      clock.moveAhead(parseSeconds(await readJson(request, 'the clock')));
      return nothing;
    case 'POST /_local/stop':
      end(parseHow(await readJson(request, 'the stop')), response, stop);
      return nothing;
    default:
      throw new ApiError('NOT_FOUND', `Nothing is at ${route}.`);
  }
}

async function readJson(request: IncomingMessage, where: string): Promise<unknown> {
  const body = await readBody(request, maxBodyBytes);
  return parseJson(body.toString('utf8'), where);
}

/** A step ahead as long as the longest time limit that there is at most. */
function parseSeconds(value: unknown): number {
  const { aheadSeconds } = parseTable(value, 'the clock', ['aheadSeconds']);
  return parseWholeNumber(aheadSeconds, "the clock's aheadSeconds", { min: 1, max: 14 * 86_400 });
}

function parseHow(value: unknown): 'exit' | 'kill' {
  const { how } = parseTable(value, 'the stop', ['how']);
  if (how === 'exit' || how === 'kill') return how;
  throw new ShapeError(`the stop's how must be "exit" or "kill"`);
}

/** An exit waits for the answer to be sent; a kill does not wait for anything. */
function end(how: 'exit' | 'kill', response: ServerResponse, stop: (sentence: string) => void) {
  if (how === 'kill') process.kill(process.pid, 'SIGKILL');
  response.once('close', () => {
    stop('it was told to end by /_local/stop');
  });
}

/** What is in use once everything that nobody holds is gone: in the heap and outside of it. */
function measureMemory(): Readonly<Record<string, number>> {
  collectGarbage();
  const { heapUsed, external, rss } = process.memoryUsage();
  return { heldBytes: heapUsed + external, residentBytes: rss };
}
