// One set of properties for several clients, as a file for all of Kafka's tools has it: which client each is given to.

import { consumerProperties } from './consumer/options/consumer-properties.ts';
import { clientProperties } from './options/client-properties.ts';
import type { Properties, PropertyTable } from './options/properties.ts';
import { producerProperties } from './producer/producer-properties.ts';

export interface PropertiesByClient {
  /** For new Kafka(): what all clients share, and what nobody knows, which is refused there. */
  readonly shared: Properties;
  /** For kafka.producer(). */
  readonly producer: Properties;
  /** For kafka.consumer(). */
  readonly consumer: Properties;
}

/** A property that producers and consumers know goes to both. */
export function propertiesByClient(properties: Properties): PropertiesByClient {
  const entries = Object.entries(properties);
  const known = (table: Pick<PropertyTable<unknown>, 'definitions'>): Set<string> =>
    new Set(table.definitions.map(({ name }) => name));
  const shared = known(clientProperties);
  const producer = known(producerProperties);
  const consumer = known(consumerProperties);
  const isOf = (names: ReadonlySet<string>, name: string): boolean => names.has(name) && !shared.has(name);
  return {
    shared: Object.fromEntries(entries.filter(([name]) => !isOf(producer, name) && !isOf(consumer, name))),
    producer: Object.fromEntries(entries.filter(([name]) => isOf(producer, name))),
    consumer: Object.fromEntries(entries.filter(([name]) => isOf(consumer, name))),
  };
}
