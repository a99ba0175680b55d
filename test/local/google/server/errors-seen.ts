import { parseJson, parseObject, parseText } from '../../../../local/google/shape.ts';

/** What a client of Google makes of an error. */
export interface SeenError {
  readonly code: unknown;
  readonly message: string;
  readonly details: unknown;
}

/** Returns how a call fails, as the gRPC client sees it: a canonical code's number. */
export async function seeGrpcError(call: Promise<unknown>): Promise<SeenError> {
  const error = await catchError(call);
  const message = parseText(error['details'], 'details');
  return { code: error['code'], message, details: error['statusDetails'] };
}

/** Returns how a call fails, as the REST client sees it: an HTTP status, and Google's JSON. */
export async function seeRestError(
  call: Promise<unknown>,
): Promise<SeenError & { readonly status: unknown }> {
  const error = await catchError(call);
  const text = parseText(error['message'], 'message');
  const body = parseObject(parseObject(parseJson(text, text), text)['error'], text);
  const message = parseText(body['message'], 'message');
  return { code: error['code'], message, status: body['status'], details: body['details'] };
}

/** Returns the `code` of how a call fails without an answer. */
export async function seeBreak(call: Promise<unknown>): Promise<unknown> {
  return (await catchError(call))['code'];
}

async function catchError(call: Promise<unknown>): Promise<Readonly<Record<string, unknown>>> {
  const error = await call.then(
    () => {
      throw new Error('the call has not failed');
    },
    (reason: unknown) => reason,
  );
  if (!(error instanceof Error)) throw new Error('the call failed with something else');
  const own: readonly (readonly [string, unknown])[] = Object.entries(error);
  return Object.fromEntries([...own, ['message', error.message]]);
}
