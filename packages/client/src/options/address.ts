// Where brokers are: host:port, as people write it.

import { OptionsError } from '../errors/kafka-error.ts';

export interface Address {
  readonly host: string;
  readonly port: number;
}

const DEFAULT_PORT = 9092;
const PREFIX = /^[A-Z_]+:\/\//;
/** A name or an IPv4 address, or an IPv6 address in brackets. */
const ADDRESS = /^(?:\[([0-9a-fA-F:.%\w]+)\]|([^\s:/[\]]+))(?::(\d+))?$/;

/** As people read it: IPv6 in brackets. */
export function addressText({ host, port }: Address): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}

/** @throws OptionsError */
export function parseAddresses(brokers: string | readonly string[] | undefined): Address[] {
  const texts = (typeof brokers === 'string' ? brokers.split(',') : (brokers ?? []))
    .map((text) => text.trim())
    .filter((text) => text !== '');
  if (texts.length === 0) {
    throw new OptionsError("Say where some brokers are: brokers: ['localhost:9092'].");
  }
  return texts.map(parseAddress);
}

function parseAddress(text: string): Address {
  // Listeners are written PLAINTEXT://host:port, and some copy that.
  const [, bracketed, name, portText] = ADDRESS.exec(text.replace(PREFIX, '')) ?? [];
  const host = bracketed ?? name;
  const port = portText === undefined ? DEFAULT_PORT : Number(portText);
  if (host === undefined || port < 1 || port > 65_535)
    throw new OptionsError(`'${text}' is no address of a broker: write host:port, as in kafka-1:9092.`);
  return { host, port };
}
