// Whether a process was asked to outlive its terminal. Node takes SIGHUP back as if nobody had asked to ignore it, and leaves no trace of that in
// /proc/self/status: so it is told by what is left of whoever started the process.

import { readFileSync } from 'node:fs';
import { basename } from 'node:path';

/** By nohup, or by a shell that ignores SIGHUP itself. */
export function isNodeHangUpIgnored(): boolean {
  // Shells leave here what they have started, and nohup becomes what it starts.
  return basename(process.env._ ?? '') === 'nohup' || ignoresHangUp(process.ppid);
}

/** What a process ignores, so do those that it starts: the shell of a script that was started with nohup, or that says `trap '' HUP`. */
function ignoresHangUp(processId: number): boolean {
  try {
    const status = readFileSync(`/proc/${processId}/status`, 'utf8');
    // Signals as bits, the first one that of SIGHUP.
    const lowest = /^SigIgn:\s*[0-9a-f]*([0-9a-f])$/m.exec(status)?.[1];
    return (Number.parseInt(lowest ?? '0', 16) & 1) === 1;
  } catch {
    // No Linux, or a stranger's process.
    return false;
  }
}
