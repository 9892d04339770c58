// Makes smaller batches of one that the broker found too large.

import { Batch } from './batch.ts';
import { BatchWriter } from './batch-writer.ts';
import type { Blocks } from './blocks.ts';
import { encodeHeaders } from './wire.ts';

/** Of more than one record: at least two parts, each about half as large at most. They have the same sequence numbers together. */
export function splitBatch(batch: Batch, blocks: Blocks): Batch[] {
  const view = batch.view();
  const limitBytes = view.recordArea().length / 2;
  const parts: Batch[] = [];
  let part: Batch | undefined;
  for (const [index, { key, value, headers, timestamp }] of view.recordList().entries()) {
    const sizeBytes = (key?.length ?? 0) + (value?.length ?? 0);
    if (part === undefined || part.sizeBytes + sizeBytes > limitBytes) {
      const { createdMs, deadlineMs, ordinal } = batch;
      const place = { createdMs, deadlineMs, ordinal, firstIndex: batch.firstIndex + index, isPart: true };
      part = new Batch(batch.topic, batch.partition, new BatchWriter(blocks, false), place);
      parts.push(part);
    }
    part.append(
      key,
      value,
      encodeHeaders(headers.map((header) => [header.key, header.value] as const)),
      timestamp,
    );
  }
  let sequence = batch.baseSequence;
  for (const each of parts) {
    each.lastError = batch.lastError;
    if (batch.baseSequence < 0) continue;
    each.baseSequence = sequence;
    sequence = (each.lastSequence + 1) % 0x8000_0000;
  }
  return parts;
}
