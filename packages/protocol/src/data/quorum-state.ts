// The quorum-state file of a Kafka controller, which Kafka itself keeps as JSON.

import { data, type Infer } from '../message.ts';
import { array, int32, int64, string, uuid } from '../schema.ts';

export const quorumStateData = data('QuorumStateData', { versions: [0, 1], flexibleSince: 0 }, () => ({
  clusterId: string.until(0),
  leaderId: int32.default(-1),
  leaderEpoch: int32.default(-1),
  votedId: int32.default(-1),
  votedDirectoryId: uuid.since(1),
  appliedOffset: int64.until(0),
  currentVoters: array({
    voterId: int32,
  })
    .nullable()
    .until(0),
}));
export type QuorumStateData = Infer<typeof quorumStateData>;
