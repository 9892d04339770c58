// Where the replicas of partitions could be, so that brokers have about as many each, and racks too.

import type { BrokerDescription } from '@moldau/client';
import { JavaError } from './java-errors.ts';
import type { PlannedPartition } from './reassign-plan.ts';
import { adminProblem } from './tool-json.ts';

/** As many replicas for each topic as its partitions have now. @throws JavaError when there are too few brokers */
export function placeReplicas(
  current: readonly PlannedPartition[],
  brokers: readonly Pick<BrokerDescription, 'id' | 'rack'>[],
  { isRackAware }: { isRackAware: boolean },
): PlannedPartition[] {
  const withoutRack = brokers.filter(({ rack }) => rack === undefined).length;
  if (isRackAware && withoutRack !== 0 && withoutRack !== brokers.length) {
    throw adminProblem(
      'Not all brokers have rack information. Add --disable-rack-aware in command line to make replica assignment without rack information.',
    );
  }
  const ids = isRackAware ? acrossRacks(brokers) : brokers.map(({ id }) => id);
  return [...Map.groupBy(current, ({ topic }) => topic)].flatMap(([topic, partitions], index) => {
    const factor = partitions[0]!.replicas.length;
    if (ids.length < factor || ids.length === 0) throw tooFew(factor, ids.length);
    return partitions.map((_, partition) => ({
      ...{ topic, partition },
      // Each time around, the followers of a leader are others.
      replicas: Array.from({ length: factor }, (_, replica) => {
        const round = Math.floor(partition / ids.length);
        const shift = replica === 0 ? 0 : 1 + ((replica - 1 + round) % Math.max(1, ids.length - 1));
        return ids[(index + partition + shift) % ids.length]!;
      }),
    }));
  });
}

/** One of each rack in turn, so that those next to each other are in different ones. */
function acrossRacks(brokers: readonly Pick<BrokerDescription, 'id' | 'rack'>[]): number[] {
  const racks = [...Map.groupBy(brokers, ({ rack }) => rack).values()];
  const longest = Math.max(0, ...racks.map((rack) => rack.length));
  return Array.from({ length: longest }, (_, index) => racks.flatMap((rack) => rack[index]?.id ?? [])).flat();
}

function tooFew(factor: number, count: number): JavaError {
  return new JavaError(
    'org.apache.kafka.common.errors.InvalidReplicationFactorException',
    count === 0
      ? 'All brokers are currently fenced, or have all their log directories cordoned.'
      : `The target replication factor of ${factor} cannot be reached because only ${count} broker(s) are registered or some brokers have all their log directories cordoned.`,
  );
}
