// Puts a stream of bytes together into frames of Kafka's protocol. A frame is handed on whole, with the size in front of it.

const SIZE_BYTES = 4;
/** More than any broker takes: what claims to be larger speaks another protocol. */
const MAX_FRAME_BYTES = 1024 * 1024 * 1024;

export class FrameReader {
  readonly #onFrame: (frame: Buffer) => void;
  readonly #size = Buffer.alloc(SIZE_BYTES);
  #sizeBytes = 0;
  #frame: Buffer | undefined;
  #frameBytes = 0;

  constructor(onFrame: (frame: Buffer) => void) {
    this.#onFrame = onFrame;
  }

  /** Where the next bytes are best read to; undefined between frames. */
  place(): Uint8Array | undefined {
    return this.#frame?.subarray(this.#frameBytes);
  }

  /** So many bytes were read to that place. */
  filled(count: number): void {
    this.#frameBytes += count;
    const frame = this.#frame!;
    if (this.#frameBytes < frame.length) return;
    this.#frame = undefined;
    this.#onFrame(frame);
  }

  /** @throws Error when a size makes no sense */
  received(bytes: Uint8Array): void {
    for (let position = 0; position < bytes.length; ) {
      const place = this.place();
      if (place === undefined) {
        this.#size[this.#sizeBytes++] = bytes[position++]!;
        if (this.#sizeBytes === SIZE_BYTES) this.#begin();
        continue;
      }
      const piece = bytes.subarray(position, position + place.length);
      place.set(piece);
      position += piece.length;
      this.filled(piece.length);
    }
  }

  #begin(): void {
    const size = this.#size.readInt32BE(0);
    if (size < SIZE_BYTES || size > MAX_FRAME_BYTES)
      throw new Error(`a frame of ${size} bytes: this is not Kafka's protocol, or it is encrypted`);
    this.#frame = Buffer.allocUnsafe(SIZE_BYTES + size);
    this.#size.copy(this.#frame);
    this.#frameBytes = SIZE_BYTES;
    this.#sizeBytes = 0;
  }
}
