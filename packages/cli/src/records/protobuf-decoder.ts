// Protobuf, with the .proto file of the message.

import protobuf from 'protobufjs';
import { UsageError } from '../command-line/errors.ts';
import type { Decoder } from './decoders.ts';

/** @throws UsageError when the file is none, or leaves open which message is meant */
export function protobufDecoder(source: string, path: string, wanted: string | undefined): Decoder {
  const type = messageType(source, path, wanted);
  return (bytes) => {
    const message = type.decode(withoutPrefix(bytes));
    return type.toObject(message, { longs: BigInt as never, enums: String, oneofs: false });
  };
}

/** @throws UsageError when the file is none, or leaves open which message is meant */
export function messageType(source: string, path: string, wanted: string | undefined): protobuf.Type {
  let root: protobuf.Root;
  try {
    ({ root } = protobuf.parse(source, { keepCase: true }));
    root.resolveAll();
  } catch (error) {
    throw new UsageError(`${path} cannot be used: ${error instanceof Error ? error.message : error}`);
  }
  const types = typesIn(root);
  const names = types.map(({ fullName }) => fullName.slice(1));
  if (wanted !== undefined) {
    const found = types.find((type) => type.name === wanted || type.fullName === `.${wanted}`);
    if (found !== undefined) return found;
    throw new UsageError(`${path} has no message ${wanted}; it has ${names.join(', ')}`);
  }
  const [only] = types;
  if (only === undefined) throw new UsageError(`${path} has no message`);
  if (types.length === 1) return only;
  throw new UsageError(
    `${path} has several messages: say with --message which is meant: ${names.join(', ')}`,
  );
}

/** Not those within others. */
function typesIn(namespace: protobuf.NamespaceBase): protobuf.Type[] {
  return namespace.nestedArray.flatMap((each) => {
    if (each instanceof protobuf.Type) return [each];
    return each instanceof protobuf.Namespace ? typesIn(each) : [];
  });
}

/** Schema registries put a zero, the schema's number and the place of the message in the file in front. No message begins with a zero. */
function withoutPrefix(bytes: Buffer): Buffer {
  if (bytes[0] !== 0) return bytes;
  const reader = protobuf.Reader.create(bytes.subarray(5));
  for (let count = reader.sint32(); count > 0; count--) reader.sint32();
  return bytes.subarray(5 + reader.pos);
}
