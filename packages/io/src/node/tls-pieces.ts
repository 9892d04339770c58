// How what is written to a TLS socket is cut. Each write is encrypted by itself and makes at least one TLS record, one call of the kernel and one turn
// of the event loop, so an answer of a large piece between small ones (a Fetch) must not become one write for each.

/** What the largest TLS record carries. */
const RECORD_BYTES = 16 * 1024;

/**
 * A TLS socket encrypts all it is given before it sends any of it, so it gets large answers by pieces of this size: no answer needs as much
 * memory again, and none holds up the others.
 */
const PIECE_BYTES = 16 * RECORD_BYTES;

/** The same bytes in the same order. What is smaller than a record is copied together with its neighbours up to one; the rest are views. */
export function* tlsPieces(buffers: readonly Uint8Array[]): Generator<Uint8Array> {
  let small: Uint8Array[] = [];
  let smallBytes = 0;
  for (const buffer of buffers) {
    let position = 0;
    while (position < buffer.byteLength) {
      const restBytes = buffer.byteLength - position;
      const isLarge = smallBytes === 0 && restBytes >= RECORD_BYTES;
      const wantedBytes = isLarge
        ? Math.min(PIECE_BYTES, restBytes - (restBytes % RECORD_BYTES))
        : Math.min(RECORD_BYTES - smallBytes, restBytes);
      const piece = buffer.subarray(position, position + wantedBytes);
      position += wantedBytes;
      if (isLarge) {
        yield piece;
        continue;
      }
      small.push(piece);
      smallBytes += wantedBytes;
      if (smallBytes === RECORD_BYTES) {
        yield Buffer.concat(small, smallBytes);
        small = [];
        smallBytes = 0;
      }
    }
  }
  if (smallBytes > 0) yield small.length === 1 ? small[0]! : Buffer.concat(small, smallBytes);
}
