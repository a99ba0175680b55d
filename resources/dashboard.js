/** Widgets are 12 of 24 columns wide and 6 rows high. Source: CloudWatch API reference, dashboard body structure. */
const WIDTH = 12;
const HEIGHT = 6;

/** One graph of metrics; its region is the stack's. */
function graph(index, title, metrics, options = {}) {
  return {
    type: 'metric',
    x: (index % 2) * WIDTH,
    y: Math.floor(index / 2) * HEIGHT,
    width: WIDTH,
    height: HEIGHT,
    properties: { title, metrics, region: '${AWS::Region}', view: 'timeSeries', ...options },
  };
}

/** Metrics of jobs, which have one for each template and state, as a search finds them. */
function search(name, stat, period, deployment) {
  const expression = `SEARCH('{Jobgate,deployment,state,template} MetricName="${name}" deployment="${deployment}"', '${stat}', ${period})`;
  return [[{ expression }]];
}

/** Metrics of the sweep. */
function ofSweep(names, deployment) {
  return names.map((name) => ['Jobgate', name, 'deployment', deployment]);
}

/** The dashboard of a deployment, as text for Fn::Sub. */
export function renderDashboard(deployment) {
  const most = { stat: 'Maximum', period: 60 };
  const graphs = [
    ['Jobs ended', search('JobsEnded', 'Sum', 300, deployment), { stacked: true }],
    ['Cost of ended jobs', search('CostAccrued', 'Sum', 3600, deployment), { stacked: true }],
    ['Seconds that ended jobs ran', search('RunSeconds', 'Average', 300, deployment)],
    ['Jobs that have not ended', ofSweep(['Active', 'Submitting'], deployment), most],
    ['Found by the sweep', ofSweep(['Orphans', 'Strangers', 'Corrected'], deployment), most],
    [
      'Not done by the sweep',
      ofSweep(['Failed', 'Unlisted', 'Unfinished', 'Uncorrected'], deployment),
      most,
    ],
    ['The sweep itself', ofSweep(['DurationMs', 'UpstreamCalls'], deployment), most],
  ];
  return JSON.stringify({
    widgets: graphs.map(([title, metrics, options], index) =>
      graph(index, title, metrics, options),
    ),
  });
}

/** The dashboard's body. */
export async function body({ resolveVariable }) {
  return renderDashboard(await resolveVariable('param:deployment'));
}
