// What is asked for partitions that are not this consumer's.

import type { TopicPartition } from '../../cluster/ask-leaders.ts';
import { KafkaError } from '../../errors/kafka-error.ts';

export function notAssigned({ topic, partition }: TopicPartition): KafkaError {
  return new KafkaError(
    'NOT_ASSIGNED',
    `${topic}, partition ${partition}, is not assigned to this consumer. With a group, seek and pause in onAssign or later; a rebalance may have taken it away.`,
    { topic, partition },
  );
}

export function givenToOthers({ topic, partition }: TopicPartition): KafkaError {
  return new KafkaError(
    'NOT_ASSIGNED',
    `${topic}, partition ${partition}, was given to another member of the group meanwhile, who processes these records again: they are not committed. ` +
      'What was done before the time to drain was over is committed; a longer drainTimeoutMs gives more of it.',
    { topic, partition },
  );
}
