import { describe, expect, it } from 'vitest';
import { type RequestEntry, RequestLog } from '../../../../local/google/server/request-log.ts';

const entry: RequestEntry = {
  rpc: 'GetJob',
  transport: 'rest',
  principal: 'a@b',
  request: { jobId: '0' },
  at: '2026-11-21T00:00:00.000Z',
  code: 'OK',
};

describe('the log of requests', () => {
  it('keeps the last thousand', () => {
    const log = new RequestLog();
    for (let id = 0; id < 1002; id += 1) log.add({ ...entry, request: { jobId: `${id}` } });
    expect(log.list()).toHaveLength(1000);
    expect(log.list()[0]?.request).toEqual({ jobId: '2' });
    expect(log.list().at(-1)?.request).toEqual({ jobId: '1001' });
  });

  it('does not keep the message of a very long request', () => {
    const log = new RequestLog();
    log.add({ ...entry, request: { jobId: 'x'.repeat(65_536) } });
    expect(log.list()).toEqual([{ ...entry, request: null }]);
  });

  it('does not keep the values of environment variables', () => {
    const log = new RequestLog();
    const properties = {
      'spark.dataproc.driverEnv.PASSWORD': 'secret',
      'spark.executorEnv.PASSWORD': 'secret',
      'spark:spark.executorEnv.PASSWORD': 'secret',
      'spark.executor.cores': '4',
    };
    const jobs = [{ pysparkJob: { args: ['a'], properties } }];
    log.add({ ...entry, request: { template: { jobs }, version: 1 } });
    const kept = {
      'spark.dataproc.driverEnv.PASSWORD': '***',
      'spark.executorEnv.PASSWORD': '***',
      'spark:spark.executorEnv.PASSWORD': '***',
      'spark.executor.cores': '4',
    };
    expect(log.list()[0]?.request).toEqual({
      template: { jobs: [{ pysparkJob: { args: ['a'], properties: kept } }] },
      version: 1,
    });
  });

  it('tells the requests of one RPC from the others', () => {
    const log = new RequestLog();
    log.add(entry);
    log.add({ ...entry, rpc: 'ListJobs' });
    expect(log.list('GetJob')).toEqual([entry]);
    expect(log.list('Get')).toEqual([]);
    log.clear();
    expect(log.list()).toEqual([]);
  });
});
