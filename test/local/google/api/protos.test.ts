import { describe, expect, it } from 'vitest';
import { dataprocProtos, loadProtos } from '../../../../local/google/api/protos.ts';

describe('the protos of a package', () => {
  it('hold every service when none is named', () => {
    const services = new Set(loadProtos().methods.map(({ service }) => service));
    expect([...services].sort()).toEqual([
      'google.cloud.dataproc.v1.AutoscalingPolicyService',
      'google.cloud.dataproc.v1.BatchController',
      'google.cloud.dataproc.v1.ClusterController',
      'google.cloud.dataproc.v1.JobController',
      'google.cloud.dataproc.v1.NodeGroupController',
      'google.cloud.dataproc.v1.SessionController',
      'google.cloud.dataproc.v1.SessionTemplateController',
      'google.cloud.dataproc.v1.WorkflowTemplateService',
      'google.longrunning.Operations',
    ]);
  });

  it('hold the named services only', () => {
    const { methods } = loadProtos(dataprocProtos, [
      'google.cloud.dataproc.v1.NodeGroupController',
    ]);
    expect(methods.map(({ name }) => name)).toEqual([
      'CreateNodeGroup',
      'ResizeNodeGroup',
      'GetNodeGroup',
    ]);
  });
});
