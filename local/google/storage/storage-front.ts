import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { ResponseLine } from '../api/http-exchange.ts';
import type { FaultTable } from '../api/faults.ts';
import { findNameRefusal, findPageRefusal, readSender } from '../api/web-page.ts';
import { FaultError, toStorageError } from './refusal.ts';
import { sendStorageAnswer, type StorageAnswer } from './storage-answer.ts';
import { StorageError, toJsonBody, toXmlBody } from './storage-error.ts';
import { findJsonApiCall, isJsonApiPath, type StorageApiOptions } from './storage-json-api.ts';
import { findXmlApiCall, isSignedRead, type XmlApiOptions } from './storage-xml-api.ts';

/** What the storage front needs. */
interface StorageFrontOptions extends StorageApiOptions, XmlApiOptions {
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
    refuseWebPage(request, isJson);
    const find = isJson ? findJsonApiCall : findXmlApiCall;
    const { rpc, run } = find(request, options);
    result = await options.faults.intercept(rpc, line, run);
  } catch (error) {
    result = toErrorAnswer(toStorageError(error), isJson);
  }
  request.resume();
  await sendStorageAnswer(response, hideStore(result, request, options), { cut: line.isCut });
}

/** A page may lead its reader to a signed link, as any page does; that it holds is verified later. */
function refuseWebPage(request: IncomingMessage, isJson: boolean): void {
  const sender = readSender(request);
  const isLink = !isJson && isSignedRead(request);
  const refusal = isLink ? findNameRefusal(sender) : findPageRefusal(sender);
  if (refusal !== undefined) throw new StorageError('AccessDenied', refusal);
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
