// int64 in buffers as numbers: our offsets and timestamps stay within ±(2^53-1), and two 32-bit halves cost no BigInt.

const TWO_TO_32 = 0x1_0000_0000;

export function readInt64(bytes: Buffer, position: number): number {
  return bytes.readInt32BE(position) * TWO_TO_32 + bytes.readUInt32BE(position + 4);
}

export function writeInt64(bytes: Buffer, value: number, position: number): void {
  bytes.writeInt32BE(Math.floor(value / TWO_TO_32), position);
  bytes.writeUInt32BE(value >>> 0, position + 4);
}
