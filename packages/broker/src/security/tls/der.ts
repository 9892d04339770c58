// Reads ASN.1 as certificates and key stores have it: DER, and of BER what old programs write (indefinite lengths, strings in pieces).
//
// Invariant: whatever the bytes, reading ends with a node or a DerError, after time that grows with their number.

export class DerError extends Error {}

export interface DerNode {
  /** The identifier octet: class, constructed or not, and number. */
  readonly tag: number;
  readonly content: Buffer;
  /** With its identifier and length. */
  readonly encoded: Buffer;
}

export const DerTag = {
  INTEGER: 0x02,
  OCTET_STRING: 0x04,
  OBJECT_IDENTIFIER: 0x06,
  SEQUENCE: 0x30,
  SET: 0x31,
  CONTEXT_0: 0xa0,
} as const;

const INDEFINITE = 0x80;
const CONSTRUCTED = 0x20;
const MAX_DEPTH = 32;

/** The node that begins at `offset`. */
export function readDer(bytes: Buffer, offset = 0, depth = 0): DerNode {
  const tag = bytes[offset];
  const first = bytes[offset + 1];
  if (tag === undefined || first === undefined) throw new DerError('it ends too early');
  if ((tag & 0x1f) === 0x1f) throw new DerError('it has a tag of several bytes');
  if (first === INDEFINITE) return readIndefinite(bytes, offset, depth);
  const lengthBytes = first < INDEFINITE ? 0 : first & 0x7f;
  if (lengthBytes > 4 || offset + 2 + lengthBytes > bytes.length)
    throw new DerError('it has a length that cannot be');
  const length = lengthBytes === 0 ? first : bytes.readUIntBE(offset + 2, lengthBytes);
  const start = offset + 2 + lengthBytes;
  if (start + length > bytes.length) throw new DerError('it ends too early');
  return {
    tag,
    content: bytes.subarray(start, start + length),
    encoded: bytes.subarray(offset, start + length),
  };
}

function readIndefinite(bytes: Buffer, offset: number, depth: number): DerNode {
  const tag = bytes[offset]!;
  if ((tag & CONSTRUCTED) === 0 || depth > MAX_DEPTH) throw new DerError('it has a length that cannot be');
  let end = offset + 2;
  while (bytes[end] !== 0 || bytes[end + 1] !== 0) end += readDer(bytes, end, depth + 1).encoded.length;
  return { tag, content: bytes.subarray(offset + 2, end), encoded: bytes.subarray(offset, end + 2) };
}

/** What a constructed node holds. */
export function children(node: DerNode | undefined): DerNode[] {
  if (node === undefined || (node.tag & CONSTRUCTED) === 0) throw new DerError('a part of it is missing');
  const nodes: DerNode[] = [];
  for (let offset = 0; offset < node.content.length; ) {
    const child = readDer(node.content, offset);
    nodes.push(child);
    offset += child.encoded.length;
  }
  return nodes;
}

/** The bytes of an OCTET STRING, also of one in pieces, and whatever tag stands in its place. */
export function octets(node: DerNode | undefined): Buffer {
  if (node === undefined) throw new DerError('a part of it is missing');
  return (node.tag & CONSTRUCTED) === 0 ? node.content : Buffer.concat(children(node).map(octets));
}

/** '1.2.840.113549.1.9.1' */
export function objectIdentifier(node: DerNode | undefined): string {
  if (node?.tag !== DerTag.OBJECT_IDENTIFIER || node.content.length === 0)
    throw new DerError('a part of it is missing');
  const numbers: bigint[] = [];
  let number = 0n;
  for (const byte of node.content) {
    number = (number << 7n) | BigInt(byte & 0x7f);
    if ((byte & 0x80) !== 0) continue;
    numbers.push(number);
    number = 0n;
  }
  const [head = 0n, ...rest] = numbers;
  const first = head < 80n ? head / 40n : 2n;
  return [first, head - first * 40n, ...rest].join('.');
}

/** A number that is neither negative nor large. */
export function smallInteger(node: DerNode | undefined): number {
  if (node?.tag !== DerTag.INTEGER || node.content.length > 4 || node.content.length === 0)
    throw new DerError('a number in it is out of bounds');
  return node.content.readUIntBE(0, node.content.length);
}
