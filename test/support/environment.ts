/** What every deployed function has in its environment. */
export const CORE_ENVIRONMENT = {
  JOBGATE_STAGE: 'prod',
  JOBGATE_VERSION: '0.1.0',
  JOBGATE_PUBLIC_URL: 'https://api.example',
  JOBGATE_CORS_ORIGINS: '',
} as const;
