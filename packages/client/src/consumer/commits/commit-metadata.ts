// What stands in the metadata of a committed offset: which records beyond it are done as well, so that a restart does not repeat them. Clients that do
// not know the format begin at the committed offset, and repeat those.
//
// The format: `moldau/1:` and, in base64url, varints: the leader epoch of the last of these records plus one, then in turn the lengths of the stretches
// that are not done and that are, from the committed offset on. A record of a newer epoch than that took the place of one that was lost, and is not done.

import { type OffsetRange, rangesFrom } from './offset-ranges.ts';

export interface DoneBeyond {
  readonly ranges: readonly OffsetRange[];
  /** Of the last record that is done; undefined: the broker is too old to tell. */
  readonly leaderEpoch: number | undefined;
}

export const NOTHING_BEYOND: DoneBeyond = { ranges: [], leaderEpoch: undefined };

const PREFIX = 'moldau/1:';
/** Kafka's default of offset.metadata.max.bytes. */
const MAX_LENGTH = 4096;
const MAX_BYTES = Math.floor(((MAX_LENGTH - PREFIX.length) * 3) / 4);

/** Empty when nothing is done beyond. What does not fit is left out, the farthest first: after a restart it is repeated. */
export function encodeDoneBeyond(offset: number, { ranges, leaderEpoch = -1 }: DoneBeyond): string {
  const bytes: number[] = [];
  writeVarint(bytes, leaderEpoch + 1);
  const headBytes = bytes.length;
  let end = offset;
  for (const { from, to } of rangesFrom(ranges, offset)) {
    const lengthBefore = bytes.length;
    writeVarint(bytes, from - end);
    writeVarint(bytes, to - from);
    if (bytes.length > MAX_BYTES) {
      bytes.length = lengthBefore;
      break;
    }
    end = to;
  }
  return bytes.length === headBytes ? '' : PREFIX + Buffer.from(bytes).toString('base64url');
}

/** Nothing for metadata that somebody else wrote, or of another format. */
export function decodeDoneBeyond(offset: number, metadata: string): DoneBeyond {
  if (!metadata.startsWith(PREFIX)) return NOTHING_BEYOND;
  const values = readVarints(Buffer.from(metadata.slice(PREFIX.length), 'base64url'));
  if (values === undefined || values.length % 2 === 0) return NOTHING_BEYOND;
  const [epochPlusOne = 0, ...lengths] = values;
  const ranges: OffsetRange[] = [];
  let end = offset;
  for (let index = 0; index < lengths.length; index += 2) {
    const from = end + lengths[index]!;
    end = from + lengths[index + 1]!;
    ranges.push({ from, to: end });
  }
  return { ranges, leaderEpoch: epochPlusOne === 0 ? undefined : epochPlusOne - 1 };
}

/** Offsets need more than the 32 bits that shifts have. */
function writeVarint(bytes: number[], value: number): void {
  let rest = value;
  for (; rest >= 128; rest = Math.floor(rest / 128)) bytes.push((rest % 128) + 128);
  bytes.push(rest);
}

function readVarints(bytes: Buffer): number[] | undefined {
  const values: number[] = [];
  let value = 0;
  let factor = 1;
  for (const byte of bytes) {
    value += (byte % 128) * factor;
    factor *= 128;
    if (value > Number.MAX_SAFE_INTEGER) return undefined;
    if (byte >= 128) continue;
    values.push(value);
    value = 0;
    factor = 1;
  }
  return factor === 1 ? values : undefined;
}
