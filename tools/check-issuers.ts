/**
 * Says whether the functions would accept the issuers of JOBGATE_ISSUERS on the stage JOBGATE_STAGE (prod unless set).
 *
 *     JOBGATE_ISSUERS='[…]' node tools/check-issuers.ts
 *
 * Prints every fault and ends with status 1 when there is one.
 */
import { readIdentityConfig } from '../shared/config/issuers.ts';
import { ConfigError } from '../shared/config/reader.ts';

try {
  const { issuers } = readIdentityConfig({
    JOBGATE_STAGE: process.env['JOBGATE_STAGE'] ?? 'prod',
    JOBGATE_VERSION: '0',
    JOBGATE_PUBLIC_URL: 'https://api.invalid',
    JOBGATE_ISSUERS: process.env['JOBGATE_ISSUERS'],
  });
  for (const { name, kind, issuer } of issuers) console.log(`${name} (${kind}) ${issuer}`);
} catch (error) {
  if (!(error instanceof ConfigError)) throw error;
  for (const sentence of error.message.split('; ')) console.error(sentence);
  process.exitCode = 1;
}
