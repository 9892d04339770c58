// Which listeners let strangers in: those that other machines reach and that ask nobody who he is.

import type { BrokerConfig } from './broker-config.ts';
import { formatAddress, isLoopback, type ListenerAddress } from './listeners.ts';

/** Whether everybody who connects there has to prove who he is. */
export function authenticates(config: BrokerConfig, { name, protocol }: ListenerAddress): boolean {
  if (protocol === 'PLAINTEXT') return false;
  return protocol !== 'SSL' || config.listenerSecurity(name).get('ssl.client.auth') === 'required';
}

/** Whether access rules decide what those may do who did not log in. */
export function confinesStrangers(config: BrokerConfig): boolean {
  return config.get('authorizer.class.name') !== '' && !config.get('allow.everyone.if.no.acl.found');
}

/** One line, or none. */
export function openListenersWarning(config: BrokerConfig): string[] {
  if (confinesStrangers(config)) return [];
  const open = config.listeners.filter(
    (listener) => !isLoopback(listener.host) && !authenticates(config, listener),
  );
  if (open.length === 0) return [];
  const addresses = open.map(({ host, port }) => formatAddress(host === '' ? '0.0.0.0' : host, port));
  return [
    `whoever reaches ${addresses.join(', ')} may read, write and administer everything, because nobody has to log in there: \`moldau security init\` sets up logins and encryption, --listen 127.0.0.1:${open[0]!.port} keeps others out`,
  ];
}
