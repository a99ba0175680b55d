import { beforeAll, describe, expect, it } from 'vitest';
import { loadFunction, type DeployedFunction } from '../support/deployed-function.ts';

const CONTENT = 'print(spark.range(3).count())\n';

describe('create-upload', () => {
  let createUpload: DeployedFunction;

  beforeAll(async () => {
    createUpload = await loadFunction('create-upload');
  });

  it('gives a link that puts the file of its sample event, once', async () => {
    const { status, headers, body } = await createUpload.call('create-upload');
    expect([status, headers['cache-control']]).toEqual([201, 'no-store']);
    const { uri, url, method, headers: sent } = body as unknown as Ticket;
    expect(uri).toMatch(
      /^gs:\/\/jobgate-uploads\/uploads\/[a-z2-7]{26}\/[a-z2-7]{26}\/30\/5bda97ec3bc7ad5ee1c06170dd8a14b569d02ed9c0d6ac9e51df4b8475107215\/etl\.py$/,
    );
    expect(new URL(url).searchParams.get('X-Goog-Expires')).toBe('300');
    const first = await fetch(url, { method, headers: sent, body: CONTENT });
    const second = await fetch(url, { method, headers: sent, body: CONTENT });
    expect([first.status, second.status]).toEqual([200, 412]);
  });

  it('gives another link each time', async () => {
    const answers = [
      await createUpload.call('create-upload'),
      await createUpload.call('create-upload'),
    ];
    expect(answers[0]?.body['uri']).not.toBe(answers[1]?.body['uri']);
  });

  it('refuses one who may run no template that takes a file', async () => {
    const { status, body } = await createUpload.call('create-upload.forbidden');
    expect([status, body['code']]).toEqual([403, 'template_forbidden']);
  });

  it('points at every fault in the body', async () => {
    const { status, body } = await createUpload.call('create-upload.invalid');
    expect([status, body['code']]).toEqual([422, 'validation_failed']);
    const errors = body['errors'] as readonly { readonly pointer: string }[];
    expect(errors.map(({ pointer }) => pointer).sort()).toEqual([
      '/md5',
      '/name',
      '/owner',
      '/size',
    ]);
  });
});

interface Ticket {
  readonly uri: string;
  readonly url: string;
  readonly method: string;
  readonly headers: Readonly<Record<string, string>>;
}
