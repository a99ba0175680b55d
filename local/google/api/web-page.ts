import type { IncomingMessage } from 'node:http';

const loopback = /^(?:localhost|127\.0\.0\.1|\[::1\])(?::\d{1,5})?$/i;

/** What of a request tells whether a web page sent it; undefined for what it lacks. */
interface Sender {
  /** The header Host, or HTTP/2's `:authority`. */
  readonly host: string | undefined;
  readonly origin: string | undefined;
  /** The header Sec-Fetch-Site. */
  readonly fetchSite: string | undefined;
}

/** Reads who sent a request of HTTP/1.1. */
export function readSender({ headers }: IncomingMessage): Sender {
  const { host, origin, 'sec-fetch-site': fetchSite } = headers;
  return { host, origin, fetchSite: fetchSite?.toString() };
}

/**
 * Says why a request is refused if it comes from a web page, or by a name that a page may have given
 * this machine. No client of Google sends such headers; a browser lets no page leave them out.
 * Source: https://fetch.spec.whatwg.org/#origin-header and https://www.w3.org/TR/fetch-metadata/
 */
export function findPageRefusal(sender: Sender): string | undefined {
  return findNameRefusal(sender) ?? findOriginRefusal(sender);
}

/** Says why a request is refused for the name that it calls this machine by. */
export function findNameRefusal({ host }: Sender): string | undefined {
  if (loopback.test(host ?? '')) return undefined;
  return (
    'The local Google answers to 127.0.0.1, localhost and [::1] only: ' +
    'a web page can give this machine any other name.'
  );
}

function findOriginRefusal({ origin, fetchSite = 'none' }: Sender): string | undefined {
  const sentence = 'The local Google does not answer web pages: the request has the header';
  if (origin !== undefined) return `${sentence} Origin.`;
  if (fetchSite !== 'none' && fetchSite !== 'same-origin') return `${sentence} Sec-Fetch-Site.`;
  return undefined;
}
