import { randomUUID } from 'node:crypto';
import { sendAwsJson } from '../../shared/aws/signed-request.ts';
import { createSend } from '../../shared/transport.ts';
import { getStack } from './api.ts';

/** A queue of the stack's SQS, to which a test has events delivered. */
export interface TestQueue {
  readonly arn: string;
  /** Takes `count` messages off the queue, in no order; fails when they have not come within 20 seconds. */
  readonly receive: (count: number) => Promise<readonly string[]>;
}

const send = createSend(() => new Date());

/** Makes a queue of its own for a test. */
export async function createQueue(): Promise<TestQueue> {
  const { QueueUrl: url } = await callSqs<{ readonly QueueUrl: string }>('CreateQueue', {
    QueueName: `test-${randomUUID()}`,
  });
  const { Attributes } = await callSqs<{ readonly Attributes: { readonly QueueArn: string } }>(
    'GetQueueAttributes',
    { QueueUrl: url, AttributeNames: ['QueueArn'] },
  );
  const arn = Attributes.QueueArn;
  const delivery = {
    Effect: 'Allow',
    Principal: { Service: ['events.amazonaws.com', 'sns.amazonaws.com'] },
    Action: 'sqs:SendMessage',
    Resource: arn,
  };
  const Policy = JSON.stringify({ Version: '2012-10-17', Statement: [delivery] });
  await callSqs('SetQueueAttributes', { QueueUrl: url, Attributes: { Policy } });
  return { arn, receive: (count) => receive(url, count) };
}

interface Received {
  readonly Messages?: readonly { readonly Body: string; readonly ReceiptHandle: string }[];
}

async function receive(url: string, count: number): Promise<readonly string[]> {
  const bodies: string[] = [];
  const until = Date.now() + 20_000;
  while (bodies.length < count) {
    if (Date.now() > until) throw new Error(`only ${bodies.length} of ${count} messages came`);
    const { Messages = [] } = await callSqs<Received>('ReceiveMessage', {
      QueueUrl: url,
      MaxNumberOfMessages: 10,
      WaitTimeSeconds: 1,
    });
    for (const { Body, ReceiptHandle } of Messages) {
      bodies.push(Body);
      await callSqs('DeleteMessage', { QueueUrl: url, ReceiptHandle });
    }
  }
  return bodies;
}

async function callSqs<T>(operation: string, input: object): Promise<T> {
  const call = {
    service: 'sqs',
    region: 'us-east-1',
    endpoint: getStack().aws,
    target: `AmazonSQS.${operation}`,
    jsonVersion: '1.0',
    body: JSON.stringify(input),
    deadline: new Date(Date.now() + 10_000),
  } as const;
  const keys = { accessKeyId: 'test', secretAccessKey: 'test', sessionToken: undefined };
  const { status, body } = await sendAwsJson(call, keys, send);
  const text = Buffer.from(body).toString();
  if (status !== 200) throw new Error(`${operation} answered ${status}: ${text}`);
  return JSON.parse(text === '' ? '{}' : text) as T;
}
