import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type MachineDisk, machineFacts } from './gather-machine.ts';

const LISTENING = `  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0100007F:2384 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 500 1 0 100 0 0 10 0
   1: 0100007F:2385 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 501 1 0 100 0 0 10 0
   2: 0100007F:9000 0100007F:2384 01 00000000:00000000 00:00000000 00000000     0        0 502 1 0 100 0 0 10 0
`;

/** Two brokers, of which each listens by a socket with one of those inodes, as Linux tells. */
function proc(tellsInodes: boolean): MachineDisk {
  const files: Record<string, string> = { '/proc/net/tcp': LISTENING, '/proc/meminfo': '' };
  for (const [id, inode] of [
    [7, 500],
    [8, 501],
  ]) {
    files[`/proc/${id}/cmdline`] = 'node\0/usr/bin/moldau\0server\0';
    files[`/proc/${id}/limits`] =
      'Max open files            600                  4096                 files\n';
    files[`/proc/${id}/fdinfo/3`] = 'pos:\t0\nflags:\t02\n';
    files[`/proc/${id}/fdinfo/9`] = tellsInodes ? `pos:\t0\nino:\t${inode}\n` : 'pos:\t0\n';
  }
  const names: Record<string, string[]> = { '/proc': ['7', '8', 'self'] };
  for (const id of [7, 8]) names[`/proc/${id}/fd`] = ['3', '9', '10'];
  return {
    async readFile(path) {
      const text = files[path];
      if (text === undefined) throw new Error(`there is no ${path}`);
      return Buffer.from(text);
    },
    list: async (path) => (names[path] ?? []).map((name) => ({ name, kind: 'other' })),
  };
}

async function brokersAt(ports: readonly number[], tellsInodes = true): Promise<number[]> {
  const { brokers } = await machineFacts(proc(tellsInodes), new Set(ports));
  return brokers.map(({ processId }) => processId);
}

test('only those processes count that listen where the cluster does', async () => {
  assert.deepEqual(await brokersAt([0x2384]), [7]);
  assert.deepEqual(await brokersAt([0x2385]), [8]);
  assert.deepEqual(await brokersAt([0x2384, 0x2385]), [7, 8]);
});

test('all count where nobody knows which they are', async () => {
  assert.deepEqual(await brokersAt([1]), [7, 8]);
  assert.deepEqual(await brokersAt([0x2384], false), [7, 8]);
});
