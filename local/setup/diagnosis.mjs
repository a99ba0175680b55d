/** Words of npm, pip, Python and Node for a disk without room. */
const FULL = /\bENOSPC\b|No space left on device/i;

/** Words of npm, pip and Python for a server that is not reached. */
const UNREACHED =
  /\b(ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|ENETUNREACH|EHOSTUNREACH)\b|Connection refused|Name or service not known|Temporary failure in name resolution|Network is unreachable|timed out/;

/**
 * Finds the cause in what a failed tool printed, as the rest of a sentence about the tool; undefined
 * when none is known. `registry` names what the tool downloads from, if it does.
 */
export function diagnose(output, registry) {
  if (FULL.test(output)) return 'found the disk full: make room and run the command again';
  const [found] = UNREACHED.exec(output) ?? [];
  if (registry === undefined || found === undefined) return undefined;
  return `could not reach ${registry} (${found}): check the network and the proxy, and run the command again`;
}
