// Whether all addresses lead to one cluster: those that were given, and those that its brokers advertise. A copied configuration, or a tunnel, can make one
// lead to another, and nothing fails: records go there.

import type { Finding } from './finding.ts';

interface AdvertisedAddress {
  readonly id: number;
  readonly address: string;
}

/** `clusterIdAt`: whose broker answers there; undefined: none does. */
export async function checkClusters(
  given: readonly string[],
  advertised: readonly AdvertisedAddress[],
  clusterIdAt: (address: string) => Promise<string | undefined>,
): Promise<Finding[]> {
  const addresses = [...new Set([...given, ...advertised.map(({ address }) => address)])];
  if (addresses.length < 2) return [];
  const found = new Map(
    await Promise.all(addresses.map(async (address) => [address, await clusterIdAt(address)] as const)),
  );
  const home = given.find((address) => found.get(address) !== undefined);
  const clusterId = home === undefined ? undefined : found.get(home);
  const isElsewhere = (address: string) =>
    found.get(address) !== undefined && found.get(address) !== clusterId;
  const what = (address: string) =>
    `a broker of the cluster ${found.get(address)} answers there, and at ${home} one of ${clusterId}`;
  const severity = 'error';
  return [
    ...given.filter(isElsewhere).map((subject) => ({
      ...({ severity, check: 'bootstrap-other-cluster', subject, what: what(subject) } as const),
      why: 'which of the two a client works with depends on who answers first',
      mend: 'take the addresses of one of them out of --brokers (bootstrap.servers)',
    })),
    ...advertised
      .filter(({ address }) => isElsewhere(address))
      .map(({ id, address }) => ({
        ...({ severity, check: 'advertised-other-cluster', subject: `broker ${id} at ${address}` } as const),
        what: what(address),
        why: 'clients go where brokers tell them to: they write to the other cluster and read from it, and take it for this one',
        mend: `advertised.listeners in the configuration of broker ${id} with its own host and port; then restart it. Where tunnels or port mappings are in between, give each broker its own`,
      })),
  ];
}
