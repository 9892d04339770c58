// What this machine is called and by which addresses others reach it.

import { hostname, networkInterfaces } from 'node:os';

export function hostIdentity(): { hostName: string; addresses: string[] } {
  const all = Object.values(networkInterfaces()).flatMap((addresses) => addresses ?? []);
  const reachable = all.filter(
    ({ internal, family, address }) => !internal && !(family === 'IPv6' && address.startsWith('fe80')),
  );
  return { hostName: hostname(), addresses: reachable.map(({ address }) => address) };
}
