// Owns the frames that travel on a connection: an int32 size, the header, the message. Size and header are written into
// the headroom of the message's first buffer, so a frame without large fields is one buffer.

import { requestHeaderVersion, responseHeaderVersion } from './headers.ts';
import type { Message } from './message.ts';

/** Bytes that an int32 size takes in front of every frame. */
export const FRAME_SIZE_BYTES = 4;

function withSize(chunks: Uint8Array[], head: Buffer): Uint8Array[] {
  let sizeBytes = -FRAME_SIZE_BYTES;
  for (const chunk of chunks) sizeBytes += chunk.length;
  head.writeInt32BE(sizeBytes, 0);
  return chunks;
}

function asBuffer(chunk: Uint8Array): Buffer {
  return Buffer.from(chunk.buffer, chunk.byteOffset, chunk.length);
}

/** A whole response frame as a list of buffers, in which large `records` and `bytes` fields are views. */
export function encodeResponseFrame<Value, Input>(
  response: Message<Value, Input>,
  version: number,
  correlationId: number,
  value: Input,
): Uint8Array[] {
  const headerVersion = responseHeaderVersion(response.apiKey, version);
  const headroomBytes = FRAME_SIZE_BYTES + 4 + headerVersion;
  const chunks = response.encodeChunks(value, version, headroomBytes);
  const head = asBuffer(chunks[0]!);
  head.writeInt32BE(correlationId, FRAME_SIZE_BYTES);
  if (headerVersion > 0) head[headroomBytes - 1] = 0;
  return withSize(chunks, head);
}

/** A whole request frame as a list of buffers, in which large `records` and `bytes` fields are views. */
export function encodeRequestFrame<Value, Input>(
  request: Message<Value, Input>,
  version: number,
  correlationId: number,
  clientId: string | null,
  value: Input,
): Uint8Array[] {
  const headerVersion = requestHeaderVersion(request.apiKey, version);
  const clientIdBytes = clientId === null ? 0 : Buffer.byteLength(clientId);
  const headroomBytes = FRAME_SIZE_BYTES + 10 + clientIdBytes + (headerVersion - 1);
  const chunks = request.encodeChunks(value, version, headroomBytes);
  const head = asBuffer(chunks[0]!);
  head.writeInt16BE(request.apiKey, 4);
  head.writeInt16BE(version, 6);
  head.writeInt32BE(correlationId, 8);
  head.writeInt16BE(clientId === null ? -1 : clientIdBytes, 12);
  if (clientId !== null) head.write(clientId, 14, 'utf8');
  if (headerVersion > 1) head[headroomBytes - 1] = 0;
  return withSize(chunks, head);
}
