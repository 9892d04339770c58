// Whether anybody reads what goes into a pipe. The kernel tells who writes; who has nothing to write has to ask it, with poll(2), and Node has no other way
// to it than koffi, an optional dependency that is loaded at the first question.

import { fstatSync } from 'node:fs';
import { createRequire } from 'node:module';

interface PollEntry {
  readonly fd: number;
  readonly events: number;
  readonly revents: number;
}

type Poll = (entries: readonly PollEntry[], count: number, timeoutMs: number) => number;

/** Null: it cannot be had here. */
let poll: Poll | null | undefined;

function load(): Poll | null {
  try {
    const koffi = createRequire(import.meta.url)('koffi') as typeof import('koffi');
    const entry = koffi.struct({ fd: 'int', events: 'short', revents: 'short' });
    return koffi.load(null).func('poll', 'int', [koffi.pointer(entry), 'size_t', 'int']) as Poll;
  } catch {
    return null;
  }
}

/** Of what the process writes to. True for files and terminals, and where it cannot be told. */
export function nodeHasReader(fd: number): boolean {
  const kind = fstatSync(fd);
  if (!kind.isFIFO() && !kind.isSocket()) return true;
  if (poll === undefined) poll = load();
  if (poll === null) return true;
  // Asked for no events, the kernel tells nothing but that the other end is gone.
  return poll([{ fd, events: 0, revents: 0 }], 1, 0) !== 1;
}
