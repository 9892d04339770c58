// The lines of a text, and how far they are posted already.

export class Lines {
  readonly bytes: Buffer;
  readonly delimiter: number;
  /** Where the next one begins. */
  position = 0;

  /** What is behind the last delimiter is a line, too, if there is something. */
  constructor(text: Uint8Array, delimiter: number) {
    this.bytes = Buffer.from(text.buffer, text.byteOffset, text.length);
    this.delimiter = delimiter;
  }

  get isAtEnd(): boolean {
    return this.position >= this.bytes.length;
  }

  /** Of the next one, without its delimiter. */
  get end(): number {
    const end = this.bytes.indexOf(this.delimiter, this.position);
    return end < 0 ? this.bytes.length : end;
  }

  take(): Buffer {
    const line = this.bytes.subarray(this.position, this.end);
    this.position += line.length + 1;
    return line;
  }
}
