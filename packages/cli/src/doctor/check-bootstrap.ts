// Whether each of the addresses leads somewhere that the client was given: as long as one does nobody notices the others.

import type { Network } from '@moldau/io';
import { type Address, splitAddress } from './address.ts';
import type { Finding } from './finding.ts';

const TIMEOUT_MS = 3000;
const HANDLER = {
  readBuffer: () => undefined,
  ...{ bytesRead() {}, received() {}, drained() {}, closed() {} },
};

export async function checkBootstrap(
  addresses: readonly string[],
  network: Pick<Network, 'dial'>,
): Promise<Finding[]> {
  if (addresses.length < 2) return [];
  const problems = await Promise.all(addresses.map((address) => problemOf(splitAddress(address), network)));
  return addresses.flatMap((subject, index) => {
    const what = problems[index];
    if (what === undefined) return [];
    return [
      {
        ...{ severity: 'warning', check: 'bootstrap-unreachable', subject, what },
        why: 'a client that starts while the other addresses are away finds no cluster, though brokers are there',
        mend: 'start what should listen there, or take the address out of --brokers (bootstrap.servers)',
      } satisfies Finding,
    ];
  });
}

async function problemOf(address: Address, network: Pick<Network, 'dial'>): Promise<string | undefined> {
  try {
    const connection = await network.dial({ ...address, timeoutMs: TIMEOUT_MS }, HANDLER);
    connection.destroy();
    return undefined;
  } catch (error) {
    const { code = '', message, errors } = error as Error & { code?: string; errors?: { code?: string }[] };
    switch (errors?.at(-1)?.code ?? code) {
      case 'ECONNREFUSED':
        return 'nothing listens there (connection refused)';
      case 'ENOTFOUND':
        return 'this name has no address';
      case 'ETIMEDOUT':
        return 'nothing comes back: a firewall, or a machine that is down';
      default:
        return message;
    }
  }
}
