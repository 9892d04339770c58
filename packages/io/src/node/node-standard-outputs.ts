// Opens standard output and standard error so that those with whom they are shared notice nothing of it.
//
// Whether a pipe or a socket blocks is a property of what is open, not of who has it open. Node makes its own non-blocking, and so those of the script it
// was started by: what else the script writes there fails ("Resource temporarily unavailable") as soon as the reader is slow. And Node does so unasked:
// whenever a socket is closed it looks at process.stderr. So the process gets outputs of ours.

import { constants, fstatSync, openSync, writeSync } from 'node:fs';
import { Socket } from 'node:net';
import { Writable } from 'node:stream';
import { isatty } from 'node:tty';

const STANDARD_OUTPUT = 1;
const STANDARD_ERROR = 2;
const { O_WRONLY, O_NONBLOCK } = constants;
/** How long to wait before looking again whether there is room, where somebody else has made it non-blocking. */
const ROOM_POLL_MS = 5;

/**
 * To be called before anything is written. A pipe that is standard output is opened once more, for this process alone, so that what the reader has not
 * taken yet is kept and nothing waits; a socket cannot be, and stays as Node has it. To standard error is written without haste.
 */
export function openNodeStandardOutputs(): void {
  replace('stdout', () => openAnew(STANDARD_OUTPUT));
  replace('stderr', () => (isatty(STANDARD_ERROR) ? undefined : new Blocking(STANDARD_ERROR)));
}

/** At its first use; undefined: by what Node has. */
function replace(name: 'stdout' | 'stderr', open: () => Writable | undefined): void {
  const { get } = Object.getOwnPropertyDescriptor(process, name)!;
  let opened: unknown;
  Object.defineProperty(process, name, {
    configurable: true,
    enumerable: true,
    get: () => {
      opened ??= open() ?? get!.call(process);
      return opened;
    },
  });
}

/** Undefined: it is no pipe, or one that this user may not open. */
function openAnew(descriptor: number): Writable | undefined {
  try {
    if (!fstatSync(descriptor).isFIFO()) return undefined;
    const fd = openSync(`/proc/self/fd/${descriptor}`, O_WRONLY | O_NONBLOCK);
    return Object.assign(new Socket({ fd, readable: false, writable: true }), { fd });
  } catch {
    return undefined;
  }
}

/** Waits until the reader has room, so that what was said is out whatever happens next. Nobody can be told that it failed, so it never does. */
class Blocking extends Writable {
  readonly fd: number;

  constructor(fd: number) {
    super();
    this.fd = fd;
  }

  override _write(bytes: Buffer, _encoding: BufferEncoding, done: () => void): void {
    try {
      for (let written = 0; written < bytes.length; ) written += this.#writeSome(bytes, written);
    } catch {
      // Nobody reads it any more.
    }
    done();
  }

  #writeSome(bytes: Buffer, from: number): number {
    try {
      return writeSync(this.fd, bytes, from);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') throw error;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ROOM_POLL_MS);
      return 0;
    }
  }
}
