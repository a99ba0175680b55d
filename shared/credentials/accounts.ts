/** The e-mail of a service account. Source: Google Cloud IAM, service accounts. */
export function toAccountEmail(accountId: string, project: string): string {
  return `${accountId}@${project}.iam.gserviceaccount.com`;
}
