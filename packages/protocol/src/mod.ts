// The public entry of @moldau/protocol: Kafka's messages, headers, coordinator records, record batches and errors.

export { type Api, apiByKey, apis } from './apis.ts';
export { crc32c } from './crc32c.ts';
export * from './data/index.ts';
export * from './errors.ts';
export * from './frames.ts';
export * from './headers.ts';
export { MalformedError } from './malformed.ts';
export type { AnyMessage, Infer, InferInput, MessageKind, VersionRange } from './message.ts';
export { Message } from './message.ts';
export * from './messages/index.ts';
export { murmur2, partitionOf } from './murmur2.ts';
export * from './records/mod.ts';
export { type Uuid, uuidFromBytes, uuidToBytes, ZERO_UUID } from './uuid.ts';
export { decodeVersioned, encodeVersioned, versionPrefix } from './versioned.ts';
