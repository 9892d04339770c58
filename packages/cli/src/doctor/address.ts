// 'host:port' as brokers and addressText have it, [::1]:9092 too.

export interface Address {
  readonly host: string;
  readonly port: number;
}

export function splitAddress(address: string): Address {
  const colon = address.lastIndexOf(':');
  return { host: address.slice(0, colon).replaceAll(/[[\]]/g, ''), port: Number(address.slice(colon + 1)) };
}
