// What brokers ask of the controller for themselves.

import type { BrokerImage } from '@moldau/metadata';
import type { ReadableMetadata } from './metadata-view.ts';
import type { Outcome } from './outcome.ts';

/** As many as Kafka hands out at a time: few enough to lose at a stop, enough to ask rarely. */
const PRODUCER_IDS_PER_BLOCK = 1000;

export function registerBroker(view: ReadableMetadata, broker: BrokerImage): Outcome<void> {
  const { brokerId, endpoints, rack } = broker;
  const known = view.brokers.get(brokerId);
  const isKnown =
    known !== undefined &&
    JSON.stringify([known.endpoints, known.rack]) === JSON.stringify([endpoints, rack]);
  return { records: isKnown ? [] : [{ type: 'broker', brokerId, endpoints, rack }], response: undefined };
}

export function reserveProducerIds(view: ReadableMetadata): Outcome<{ first: number; count: number }> {
  const first = view.nextProducerId;
  const count = PRODUCER_IDS_PER_BLOCK;
  return { records: [{ type: 'producer-ids', nextProducerId: first + count }], response: { first, count } };
}
