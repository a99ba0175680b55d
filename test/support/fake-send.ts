import {
  TransportError,
  type HttpRequest,
  type HttpResponse,
  type Send,
} from '../../shared/transport.ts';

/** One scripted answer: a response, or a failure of the exchange. */
export type Scripted = HttpResponse | TransportError;

/** A transport that answers from a script and remembers what it was asked. */
export interface FakeSend {
  readonly send: Send;
  readonly requests: readonly HttpRequest[];
}

/** Makes a transport that gives the answers in order; one more request than answers is a failure of the test. */
export function createFakeSend(...answers: readonly Scripted[]): FakeSend {
  return createRoutedSend((_request, index) => answers[index]);
}

/** Makes a transport whose answer depends on the request. */
export function createRoutedSend(
  route: (request: HttpRequest, index: number) => Scripted | undefined,
): FakeSend {
  const requests: HttpRequest[] = [];
  return {
    requests,
    send: async (request) => {
      requests.push(request);
      const answer = route(request, requests.length - 1);
      await new Promise((resolve) => setImmediate(resolve));
      if (answer === undefined) throw new Error(`no answer is scripted for ${request.url}`);
      if (answer instanceof TransportError) throw answer;
      return answer;
    },
  };
}

/** A JSON answer. */
export function json(status: number, body: unknown): HttpResponse {
  return { status, headers: {}, body: Buffer.from(JSON.stringify(body)) };
}
