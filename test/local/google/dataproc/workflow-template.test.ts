import { describe, expect, it } from 'vitest';
import {
  applyParameters,
  checkParameters,
} from '../../../../local/google/dataproc/template-parameters.ts';
import { checkTemplate } from '../../../../local/google/dataproc/workflow-template.ts';
import type { Table } from '../../../../local/google/shape.ts';

const placement = { managedCluster: { clusterName: 'flow', config: {} } };
const pysparkJob = { mainPythonFileUri: 'gs://code/main.py', args: ['a'], properties: { p: 'q' } };

function step(stepId: string, rest: Table = {}): Table {
  return { stepId, pysparkJob: { mainPythonFileUri: 'gs://code/main.py' }, ...rest };
}

function template(jobs: readonly Table[], rest: Table = {}): Table {
  return { placement, jobs, ...rest };
}

function managed(cluster: Table): Table {
  return template([step('one')], {
    placement: { managedCluster: { clusterName: 'flow', config: {}, ...cluster } },
  });
}

describe('a workflow template', () => {
  it('may have steps that wait for one another without a circle', () => {
    const jobs = [
      step('end', { prerequisiteStepIds: ['one', 'two'] }),
      step('two', { prerequisiteStepIds: ['one'] }),
      step('one'),
    ];
    expect(() => {
      checkTemplate(template(jobs));
    }).not.toThrow();
  });

  it('may say how it is encrypted and which machines its cluster has', () => {
    const config = {
      gceClusterConfig: { networkUri: 'n', tags: ['t'], zoneUri: 'z' },
      workerConfig: { numInstances: 50 },
      encryptionConfig: { gcePdKmsKeyName: 'k' },
      softwareConfig: { properties: { 'yarn:yarn.nodemanager.resource.memory-mb': '1' } },
    };
    expect(() => {
      checkTemplate({ ...managed({ config }), encryptionConfig: { kmsKey: 'k' } });
    }).not.toThrow();
  });

  it.each([
    ['no steps', template([]), 'A template has from 1 to 200 jobs'],
    ['a step id of two', template([step('ab')]), 'Step id "ab"'],
    ['a step id that ends in a hyphen', template([step('one-')]), 'Step id "one-"'],
    ['the same step id twice', template([step('one'), step('one')]), 'more than one job'],
    [
      'a step that waits for none of them',
      template([step('one', { prerequisiteStepIds: ['two'] })]),
      'Step one waits for "two", which is not a step.',
    ],
    [
      'steps that wait for one another',
      template([
        step('one', { prerequisiteStepIds: ['two'] }),
        step('two', { prerequisiteStepIds: ['one'] }),
        step('free'),
      ]),
      'The steps one, two wait for one another.',
    ],
    [
      'a restartable job',
      template([step('one', { scheduling: { maxFailuresTotal: 1 } })]),
      'Restartable jobs are not supported',
    ],
    ['hive', template([{ stepId: 'one', hiveJob: {} }]), 'hiveJob: the local Dataproc does not'],
    ['no placement', { jobs: [step('one')] }, 'either a managedCluster or a clusterSelector'],
    [
      'a selector without labels',
      template([step('one')], { placement: { clusterSelector: {} } }),
      'The clusterSelector needs clusterLabels.',
    ],
    ['a cluster name in capitals', managed({ clusterName: 'Flow' }), 'Cluster name "Flow"'],
    [
      'initialization actions',
      managed({ config: { initializationActions: [{ executableFile: 'gs://code/a.sh' }] } }),
      'managedCluster.config.initializationActions',
    ],
    [
      'another component',
      managed({ config: { softwareConfig: { optionalComponents: ['HUDI'] } } }),
      'managedCluster.config.softwareConfig.optionalComponents: the local Dataproc does not',
    ],
    [
      'a package for its machines',
      managed({ config: { softwareConfig: { properties: { 'dataproc:pip.packages': 'x==1' } } } }),
      'managedCluster.config.softwareConfig.properties["dataproc:pip.packages"]: the local',
    ],
    [
      'a property of a step that leaves its place',
      template([
        step('one', {
          pysparkJob: { ...pysparkJob, properties: { 'spark.master': 'x' } },
        }),
      ]),
      'Property "spark.master" cannot be set on a step.',
    ],
    ['a field of the future', template([step('one')], { unheardOf: 1 }), 'unheardOf: the local'],
    [
      'a field of the future in a step',
      template([step('one', { unheardOf: 1 })]),
      'jobs[0].unheardOf: the local Dataproc does not implement it.',
    ],
    [
      'another image',
      managed({ config: { softwareConfig: { imageVersion: '1.5-debian10' } } }),
      'Image version "1.5-debian10"',
    ],
    [
      'a property of the cluster that leaves its place',
      managed({ config: { softwareConfig: { properties: { 'spark:spark.master': 'x' } } } }),
      'Property "spark.master" cannot be set on a cluster.',
    ],
    [
      'a time-out of a minute',
      template([step('one')], { dagTimeout: { seconds: '60' } }),
      'dagTimeout must be from 600s to 86400s',
    ],
  ])('is refused with %s', (_, refused, message) => {
    expect(() => {
      checkTemplate(refused);
    }).toThrow(message);
  });
});

describe('the parameters of a template', () => {
  const withField = (...fields: readonly string[]) =>
    template([{ stepId: 'one', pysparkJob, labels: { team: 'a' } }], {
      labels: { env: 'x' },
      parameters: [{ name: 'NAME', fields }],
    });

  it('put their values where their fields are, and nowhere else', () => {
    const before = withField(
      "labels['env']",
      "jobs['one'].labels['team']",
      "jobs['one'].pySparkJob.args[0]",
      "jobs['one'].pysparkJob.properties['p']",
      'placement.managedCluster.clusterName',
    );
    const applied = applyParameters(before, { NAME: 'value' });
    expect(applied).toMatchObject({
      labels: { env: 'value' },
      placement: { managedCluster: { clusterName: 'value' } },
      jobs: [
        {
          labels: { team: 'value' },
          pysparkJob: { ...pysparkJob, args: ['value'], properties: { p: 'value' } },
        },
      ],
    });
    expect(before).toMatchObject({ labels: { env: 'x' } });
  });

  it.each([
    "jobs['one'].pysparkJob.args",
    "jobs['one'].pysparkJob.args[1]",
    "jobs['two'].pysparkJob.args[0]",
    "jobs['one'].sparkJob.args[0]",
    "labels['__proto__']",
    "labels['other']",
    'placement.managedCluster.config.gceClusterConfig.serviceAccount',
    "jobs['one'].stepId",
    '__proto__.x',
  ])('may not replace %s', (field) => {
    expect(() => {
      checkParameters(withField(field));
    }).toThrow(/cannot be a parameter|has nothing at/);
  });

  it('are at most 100, and have at most 1000 fields', () => {
    const field = "labels['env']";
    const many = Array.from({ length: 101 }, (_, at) => ({ name: `N${at}`, fields: [field] }));
    expect(() => {
      checkParameters({ ...withField(), parameters: many });
    }).toThrow('A template has at most 100 parameters.');
    const fields = Array.from({ length: 1001 }, (_, at) => `jobs['one'].pysparkJob.args[${at}]`);
    expect(() => {
      checkParameters(withField(...fields));
    }).toThrow('The parameters of a template have at most 1000 fields.');
  });

  it('may not replace one field twice', () => {
    expect(() => {
      checkParameters(withField("labels['env']", "labels['env']"));
    }).toThrow('A field may appear in one parameter only.');
  });

  it.each([
    [{ values: { values: ['a', 'b'] } }, 'a', true],
    [{ values: { values: ['a', 'b'] } }, 'c', false],
    [{ regex: { regexes: ['[0-9]+', 'x.*'] } }, 'xyz', true],
    [{ regex: { regexes: ['[0-9]+'] } }, '1a', false],
  ])('with the validation %j take %s: %s', (validation, NAME, isValid) => {
    const parameters = [{ name: 'NAME', fields: ["labels['env']"], validation }];
    const apply = () => applyParameters({ ...withField(), parameters }, { NAME });
    if (isValid) expect(apply()).toMatchObject({ labels: { env: NAME } });
    else expect(apply).toThrow('The value of NAME ');
  });

  it.each([
    ['never ends', '(a+)+$', `${'a'.repeat(60)}!`],
    ['is none', '(', 'a'],
  ])('are refused when their regular expression %s', (_, pattern, NAME) => {
    const validation = { regex: { regexes: [pattern] } };
    const parameters = [{ name: 'NAME', fields: ["labels['env']"], validation }];
    expect(() => applyParameters({ ...withField(), parameters }, { NAME })).toThrow(
      'The regular expression of NAME cannot be used: ',
    );
  });
});
