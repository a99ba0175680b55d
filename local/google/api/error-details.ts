import protobuf from 'protobufjs';
import { fromProto3JSON, type JSONValue } from 'proto3-json-serializer';
import { type ApiError, canonicalCodes, type ErrorDetail } from './api-error.ts';

const prefix = 'type.googleapis.com/';
const retryInfo = `${prefix}google.rpc.RetryInfo`;

/**
 * The messages that carry an error over gRPC; the protos of Dataproc lack most of them.
 * Source: https://github.com/googleapis/googleapis/tree/master/google/rpc, status.proto and
 * error_details.proto
 */
const messages = {
  Status: {
    fields: {
      code: { type: 'int32', id: 1 },
      message: { type: 'string', id: 2 },
      details: { rule: 'repeated', type: 'google.protobuf.Any', id: 3 },
    },
  },
  ErrorInfo: {
    fields: {
      reason: { type: 'string', id: 1 },
      domain: { type: 'string', id: 2 },
      metadata: { keyType: 'string', type: 'string', id: 3 },
    },
  },
  RetryInfo: { fields: { retryDelay: { type: 'google.protobuf.Duration', id: 1 } } },
};

const root = new protobuf.Root();
for (const name of ['any', 'duration'])
  root.addJSON(protobuf.common.get(`google/protobuf/${name}.proto`)?.nested ?? {});
root.addJSON({ google: { nested: { rpc: { nested: messages } } } });

/** Makes the detail that tells a caller when to come back. */
export function makeRetryInfo(seconds: number): ErrorDetail {
  return { '@type': retryInfo, retryDelay: `${seconds}s` };
}

/** Finds the seconds after which the caller of a failed call may come back. */
export function findRetrySeconds({ details }: ApiError): string | undefined {
  const delay = details.find((detail) => detail['@type'] === retryInfo)?.['retryDelay'];
  return typeof delay === 'string' ? /^(\d+)s$/.exec(delay)?.[1] : undefined;
}

/** Encodes an error as the google.rpc.Status that gRPC carries in `grpc-status-details-bin`. */
export function encodeStatus({ status, message, details }: ApiError): Buffer {
  const type = root.lookupType('google.rpc.Status');
  const { code } = canonicalCodes[status];
  const bytes = type.encode(
    type.create({ code, message, details: details.flatMap((detail) => packDetail(detail)) }),
  );
  return Buffer.from(bytes.finish());
}

/** A detail of a type that is not known here travels in REST only. */
function packDetail({ '@type': url, ...fields }: ErrorDetail): readonly object[] {
  const name = typeof url === 'string' ? url.slice(prefix.length) : '';
  if (!Object.hasOwn(messages, name.replace(/^google\.rpc\./, ''))) return [];
  const type = root.lookupType(name);
  const message = fromProto3JSON(type, fields as JSONValue);
  return message === null ? [] : [{ type_url: url, value: type.encode(message).finish() }];
}
