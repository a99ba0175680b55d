import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { ApiError } from '../api/api-error.ts';
import { findRetrySeconds } from '../api/error-details.ts';
import { ResponseLine } from '../api/http-exchange.ts';
import type { FaultTable } from '../api/faults.ts';
import { ShapeError } from '../shape.ts';
import { sendStorageAnswer, type StorageAnswer } from './storage-answer.ts';
import { StorageError, toJsonBody, toXmlBody } from './storage-error.ts';
import { findJsonApiCall, isJsonApiPath, type StorageApiOptions } from './storage-json-api.ts';
import { findXmlApiCall, type XmlApiOptions } from './storage-xml-api.ts';

/** What the storage front needs. */
export interface StorageFrontOptions extends StorageApiOptions, XmlApiOptions {
  readonly faults: FaultTable;
  /** Address of the store behind, which answers must not name. */
  readonly storeAddress: string;
}

/** Makes the server that stands before the object store and checks tokens and signatures. */
export function makeStorageFront(options: StorageFrontOptions): Server {
  return createServer((request, response) => {
    answer(request, response, options).catch((error: unknown) => {
      if (!response.destroyed) process.stderr.write(`storage: ${String(error)}\n`);
      response.destroy();
    });
  });
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  options: StorageFrontOptions,
): Promise<void> {
  const isJson = isJsonApiPath((request.url ?? '').split('?')[0] ?? '');
  let result: StorageAnswer;
  const line = new ResponseLine(response);
  try {
    const find = isJson ? findJsonApiCall : findXmlApiCall;
    const { rpc, run } = find(request, options);
    result = await options.faults.intercept(rpc, line, run);
  } catch (error) {
    result = toErrorAnswer(toStorageError(error), isJson);
  }
  request.resume();
  await sendStorageAnswer(response, hideStore(result, request, options), { cut: line.isCut });
}

function toStorageError(error: unknown): StorageError {
  if (error instanceof StorageError) return error;
  if (error instanceof ShapeError) return new StorageError('InvalidArgument', error.message);
  if (error instanceof ApiError) return new FaultError(error);
  process.stderr.write(
    `storage: ${error instanceof Error ? (error.stack ?? '') : String(error)}\n`,
  );
  return new StorageError('InternalError', 'We encountered an internal error. Please try again.');
}

/** A refusal with a status that Cloud Storage's own table does not hold. */
class FaultError extends StorageError {
  override readonly status: number;
  readonly retrySeconds: string | undefined;

  constructor(error: ApiError) {
    super('InternalError', error.message);
    this.status = error.httpStatus;
    this.retrySeconds = findRetrySeconds(error);
  }
}

function toErrorAnswer(error: StorageError, isJson: boolean): StorageAnswer {
  const type = isJson ? 'application/json' : 'application/xml';
  const retrySeconds = error instanceof FaultError ? error.retrySeconds : undefined;
  const headers = {
    'content-type': `${type}; charset=UTF-8`,
    ...(retrySeconds === undefined ? {} : { 'retry-after': retrySeconds }),
  };
  const challenge = { 'www-authenticate': 'Bearer realm="https://accounts.google.com/"' };
  return {
    status: error.status,
    headers: error.status === 401 ? { ...headers, ...challenge } : headers,
    body: isJson ? toJsonBody(error) : toXmlBody(error),
  };
}

/** Links in metadata lead back to the front. */
function hideStore(
  result: StorageAnswer,
  request: IncomingMessage,
  { storeAddress }: StorageFrontOptions,
): StorageAnswer {
  if (typeof result.body !== 'string') return result;
  const front = `http://${request.headers.host ?? '127.0.0.1'}`;
  return { ...result, body: result.body.replaceAll(storeAddress, front) };
}
