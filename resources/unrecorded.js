/** Functions that write audit records, by their keys in serverless.yml. */
export const RECORDING = [
  'listTemplates',
  'getTemplate',
  'submitJob',
  'createPlan',
  'createUpload',
  'getJob',
  'cancelJob',
  'getJobLogs',
  'getJobResult',
  'getJobFile',
  'getJobAudit',
  'getMe',
  'sweepJobs',
];

/**
 * Metric filters that count the log lines of records that the audit did not take. A filter can give a metric no dimension
 * of a fixed value, so that the deployment is in the namespace.
 * Source: CloudWatch Logs user guide, filter and pattern syntax for JSON; CloudFormation, AWS::Logs::MetricFilter.
 */
export function renderFilters(deployment) {
  return { Resources: Object.fromEntries(RECORDING.map((key) => renderFilter(key, deployment))) };
}

function renderFilter(key, deployment) {
  const name = key.charAt(0).toUpperCase() + key.slice(1);
  const Properties = {
    LogGroupName: { Ref: `${name}LogGroup` },
    FilterPattern: '{ ($.level = "error") && ($.message = "unrecorded") }',
    MetricTransformations: [
      {
        MetricNamespace: `Jobgate/${deployment}`,
        MetricName: 'Unrecorded',
        MetricValue: '1',
        Unit: 'Count',
      },
    ],
  };
  return [`${name}UnrecordedFilter`, { Type: 'AWS::Logs::MetricFilter', Properties }];
}

/** The filters as CloudFormation resources. */
export async function filters({ resolveVariable }) {
  return renderFilters(await resolveVariable('param:deployment'));
}
