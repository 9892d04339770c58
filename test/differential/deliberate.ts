// Where Moldau answers otherwise than Apache Kafka on purpose. Each entry names the steps and fields it excuses and says why.

import type { Difference } from './compare.ts';

export interface Deliberate {
  /** Of the scenario with its version, as in 'Produce: idempotence v9'. */
  readonly scenario: RegExp;
  /** Of the difference's path. */
  readonly path: RegExp;
  readonly reason: string;
}

export const deliberate: readonly Deliberate[] = [
  {
    scenario: /^ApiVersions/,
    path: /apiKeys\.\d+\.minVersion$/,
    reason: 'old versions are served that Kafka 4 has dropped: their clients still exist',
  },
  {
    scenario: /^Metadata: (by name v[0-3]$|creating topics)/,
    path: /Metadata v\d+ (first|one unknown): topics/,
    reason:
      'an auto-created topic is there at once; Kafka answers UNKNOWN_TOPIC_OR_PARTITION and lets the client ask again',
  },
  {
    scenario: /^Metadata: creating topics/,
    path: /colliding: .*errorCode$/,
    reason: 'a name that collides is refused; Kafka answers UNKNOWN_TOPIC_OR_PARTITION for ever',
  },
  {
    scenario: /^Metadata: by id/,
    path: / neither: /,
    reason:
      "a topic without name and id is refused by itself; Kafka's broker fails over it with UNKNOWN_SERVER_ERROR",
  },
  {
    scenario: /^Metadata: by id/,
    path: / one by id and one by name: /,
    reason: 'topics named and topics known by id are answered alike; Kafka forgets the named ones',
  },
  {
    scenario: /^DescribeTopicPartitions/,
    path: / name : /,
    reason: "an empty name is refused by itself; Kafka's broker fails over it with UNKNOWN_SERVER_ERROR",
  },
  {
    scenario: /^FindCoordinator/,
    path: /errorMessage$/,
    reason: 'an error says what is wrong where Kafka says nothing',
  },
  {
    scenario: /^(DescribeConfigs|.*AlterConfigs)/,
    path: /configs\.moldau\./,
    reason: 'keys of our own',
  },
  {
    scenario: /^(DescribeConfigs|.*AlterConfigs)/,
    path: /configs\.min\.insync\.replicas\./,
    reason:
      'Kafka sets this key for the whole cluster when it formats a folder, for a feature of clusters of several brokers (KIP-966)',
  },
];

export function isDeliberate(scenario: string, { path }: Difference): Deliberate | undefined {
  return deliberate.find((each) => each.scenario.test(scenario) && each.path.test(path));
}
