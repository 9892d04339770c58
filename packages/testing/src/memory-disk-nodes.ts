// What a disk in memory holds: each file and folder as it is, and as it would be after a power cut.

import type { Random } from '@moldau/io';

const SECTOR_BYTES = 512;

type Change = { kind: 'write'; position: number; bytes: Buffer } | { kind: 'truncate'; sizeBytes: number };

/** Bytes that grow by doubling, so that many small appends stay cheap. */
class Bytes {
  #memory = Buffer.alloc(0);
  sizeBytes = 0;

  view(): Buffer {
    return this.#memory.subarray(0, this.sizeBytes);
  }

  write(bytes: Uint8Array, position: number): void {
    this.#resize(Math.max(this.sizeBytes, position + bytes.length));
    this.#memory.set(bytes, position);
  }

  truncate(sizeBytes: number): void {
    if (sizeBytes < this.sizeBytes) this.#memory.fill(0, sizeBytes, this.sizeBytes);
    this.#resize(sizeBytes);
  }

  #resize(sizeBytes: number): void {
    if (sizeBytes > this.#memory.length) {
      const larger = Buffer.alloc(Math.max(sizeBytes, this.#memory.length * 2));
      this.#memory.copy(larger, 0, 0, this.sizeBytes);
      this.#memory = larger;
    }
    this.sizeBytes = sizeBytes;
  }

  apply(change: Change): void {
    if (change.kind === 'write') this.write(change.bytes, change.position);
    else this.truncate(change.sizeBytes);
  }
}

export class FileNode {
  readonly kind = 'file';
  #now = new Bytes();
  #durable = new Bytes();
  // Changes since the last sync, in order.
  #unsynced: Change[] = [];

  get sizeBytes(): number {
    return this.#now.sizeBytes;
  }

  contents(): Buffer {
    return Buffer.from(this.#now.view());
  }

  read(buffer: Uint8Array, position: number): number {
    const bytes = this.#now.view().subarray(position, position + buffer.length);
    buffer.set(bytes);
    return bytes.length;
  }

  write(bytes: Uint8Array, position: number): void {
    if (bytes.length > 0) this.#change({ kind: 'write', position, bytes: Buffer.from(bytes) });
  }

  truncate(sizeBytes: number): void {
    this.#change({ kind: 'truncate', sizeBytes });
  }

  #change(change: Change): void {
    this.#now.apply(change);
    this.#unsynced.push(change);
  }

  sync(): void {
    for (const change of this.#unsynced) this.#durable.apply(change);
    this.#unsynced = [];
  }

  loseUnsynced(): void {
    this.#unsynced = [];
  }

  powerCut(random: Random | undefined): void {
    if (random !== undefined) for (const change of this.#unsynced) this.#keepPart(change, random);
    this.#unsynced = [];
    this.#now = new Bytes();
    this.#now.write(this.#durable.view(), 0);
  }

  /** The kernel writes pages back when it likes: all of a change, none of it, or some of its sectors. */
  #keepPart(change: Change, random: Random): void {
    const luck = random.next();
    if (luck < 1 / 3) return;
    if (luck < 2 / 3 || change.kind === 'truncate') {
      this.#durable.apply(change);
      return;
    }
    const endPosition = change.position + change.bytes.length;
    for (let position = change.position; position < endPosition; ) {
      const end = Math.min(endPosition, (Math.floor(position / SECTOR_BYTES) + 1) * SECTOR_BYTES);
      const sector = change.bytes.subarray(position - change.position, end - change.position);
      if (random.next() < 0.5) this.#durable.write(sector, position);
      position = end;
    }
  }
}

export class DirectoryNode {
  readonly kind = 'directory';
  entries = new Map<string, FileNode | DirectoryNode>();
  #durable = new Map<string, FileNode | DirectoryNode>();

  sync(): void {
    this.#durable = new Map(this.entries);
  }

  totalBytes(): number {
    let total = 0;
    for (const node of this.entries.values()) {
      total += node instanceof FileNode ? node.sizeBytes : node.totalBytes();
    }
    return total;
  }

  /** A rename in a folder is one change to every file system: what had a durable name is found under its old or its new one. */
  #keepRenamed(survived: Map<string, FileNode | DirectoryNode>): void {
    const found = new Set(survived.values());
    const before = new Set(this.#durable.values());
    for (const [name, node] of this.entries)
      if (before.has(node) && !found.has(node)) survived.set(name, node);
  }

  powerCut(random: Random | undefined): void {
    const survived = new Map(this.#durable);
    for (const name of new Set([...this.entries.keys(), ...this.#durable.keys()])) {
      const now = this.entries.get(name);
      if (now === this.#durable.get(name) || random === undefined || random.next() < 0.5) continue;
      if (now === undefined) survived.delete(name);
      else survived.set(name, now);
    }
    this.#keepRenamed(survived);
    this.entries = survived;
    this.#durable = new Map(survived);
    for (const node of survived.values()) node.powerCut(random);
  }
}
