// The entry @moldau/client/admin, for programs that only administrate: what sends and reads records is not loaded.

import { Admin } from './admin/admin.ts';
import { Clusters, type KafkaOptions } from './clusters.ts';
import { clientProperties } from './options/client-properties.ts';
import { nodePorts, type Ports } from './options/ports.ts';

export { Admin } from './admin/admin.ts';
export type { KafkaOptions } from './clusters.ts';
export * from './errors/kafka-error.ts';
export { addressText, parseAddresses } from './options/address.ts';

/** As `new Kafka(options).admin()`: nothing is connected before it is used. Close it when it is done. @throws OptionsError */
export function openAdmin(options: KafkaOptions, ports: Ports = nodePorts): Admin {
  return new Admin(new Clusters(options, ports).open('admin'));
}

/** Whether `properties` may have it; others are refused. */
export function isClientProperty(name: string): boolean {
  return clientProperties.definitions.some((definition) => definition.name === name);
}
