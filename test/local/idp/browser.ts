interface Page {
  readonly url: string;
  readonly html: string;
}

/**
 * Walks through the provider's pages as a person with a browser would: confirms the device, logs in
 * as the account, consents. Returns the URL at the end: the redirect to `until`, or the last page.
 */
export async function browse(start: string, account: string, until?: string): Promise<string> {
  const cookies = new Map<string, string>();
  const answers = { login: account, password: 'any', confirm: 'yes' };
  let url = start;
  let form: URLSearchParams | undefined;
  for (let page = 0; page < 12; page += 1) {
    const shown = await visit(url, form, cookies, until);
    if (typeof shown === 'string') return shown;
    form = fillForm(shown.html, answers);
    if (!form) return shown.url;
    url = new URL(attribute(shown.html, /<form[^>]*action="([^"]*)"/) ?? shown.url, shown.url).href;
  }
  throw new Error('the pages have no end');
}

/** Follows redirects and keeps cookies; a redirect to `until` is returned instead of followed. */
async function visit(
  url: string,
  form: URLSearchParams | undefined,
  cookies: Map<string, string>,
  until: string | undefined,
): Promise<Page | string> {
  const headers = { cookie: [...cookies].map(([name, value]) => `${name}=${value}`).join('; ') };
  const init = form ? { method: 'POST', body: form } : {};
  const response = await fetch(url, { ...init, headers, redirect: 'manual' });
  for (const cookie of response.headers.getSetCookie()) {
    const [pair = ''] = cookie.split(';');
    const [name = '', value = ''] = pair.split('=');
    cookies.set(name, value);
  }
  const location = response.headers.get('location');
  if (location === null) return { url, html: await response.text() };
  const next = new URL(location, url).href;
  return until !== undefined && next.startsWith(until)
    ? next
    : visit(next, undefined, cookies, until);
}

/** The fields of the page's form: hidden ones as they are, others as answered. */
function fillForm(
  html: string,
  answers: Readonly<Record<string, string>>,
): URLSearchParams | undefined {
  if (!html.includes('<form')) return undefined;
  const form = new URLSearchParams();
  for (const [tag] of html.matchAll(/<(?:input|button)[^>]*>/g)) {
    const name = attribute(tag, /name="([^"]*)"/);
    if (name === undefined || name === 'abort') continue;
    form.set(name, answers[name] ?? attribute(tag, /value="([^"]*)"/) ?? '');
  }
  return form;
}

function attribute(text: string, pattern: RegExp): string | undefined {
  return pattern.exec(text)?.[1]?.replaceAll('&amp;', '&');
}
