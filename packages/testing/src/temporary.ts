// Folders and ports that a test has for itself.

import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { nodeDisk, nodeNetwork, nodeRandom } from '@moldau/io';

export interface TemporaryDirectory extends AsyncDisposable {
  readonly path: string;
  /** Removes it and all in it. */
  remove(): Promise<void>;
}

/** A new empty folder; `await using` removes it at the end of the block. */
export async function temporaryDirectory(): Promise<TemporaryDirectory> {
  const path = join(tmpdir(), `moldau-${nodeRandom.bytes(8).toString('hex')}`);
  await nodeDisk.makeDirectory(path);
  const remove = (): Promise<void> => nodeDisk.removeTree(path);
  return { path, remove, [Symbol.asyncDispose]: remove };
}

/** A port nobody listened on a moment ago. Prefer port 0 where the port that was bound can be asked for. */
export async function freePort(host = '127.0.0.1'): Promise<number> {
  const listener = await nodeNetwork.listen({ host, port: 0 }, (connection) => {
    connection.destroy();
    return { readBuffer: () => undefined, bytesRead() {}, received() {}, drained() {}, closed() {} };
  });
  await listener.close();
  return listener.port;
}
