// Where Moldau answers otherwise than Apache Kafka on purpose. Each entry names the steps and fields it excuses and says why.

import type { Difference } from './compare.ts';

export interface Deliberate {
  /** Of the scenario with its version, as in 'Produce: idempotence v9'. */
  readonly scenario: RegExp;
  /** Of the difference's path. */
  readonly path: RegExp;
  /** Of what Kafka answered there, as JSON; anything unless given. */
  readonly kafka?: RegExp;
  /** The same of Moldau's answer. */
  readonly moldau?: RegExp;
  readonly reason: string;
}

export const deliberate: readonly Deliberate[] = [
  {
    scenario: /^ApiVersions/,
    path: /(supported|finalized)Features\.(kraft|streams|eligible\.leader\.replicas)\.version/,
    reason:
      'features that are not served are not told: streams groups, eligible leader replicas (a matter of several brokers), and voters of a quorum that come and go',
  },
  {
    scenario: /^(AlterClientQuotas|DescribeClientQuotas)/,
    path: /(producer_byte_rate,NaN|request_percentage,NaN|^\[\["user",2\]\] false: entries)/,
    reason: 'a quota has to be a number; Kafka takes one that is none, and keeps it',
  },
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
    scenario: /^Metadata: by somebody who lacks the right to (createdInCluster|clusterOperations)/,
    path: /topics\.missing\./,
    reason:
      'an auto-created topic is there at once; Kafka answers UNKNOWN_TOPIC_OR_PARTITION and lets the client ask again',
  },
  {
    scenario: /^CreateTopics: by somebody/,
    path: /configs\.(moldau\.durability|min\.insync\.replicas\.configSource)$/,
    reason: 'topics are configured by the broker at hand, which has keys of its own',
  },
  {
    scenario: /^CreateAcls: right and wrong ones/,
    path: /"(resourceType|resourcePatternType|operation|permissionType)":[12]}: results\.0\.errorCode$/,
    kafka: /^-1$/,
    reason:
      'a rule for any kind of thing is an invalid request; Kafka fails over it with UNKNOWN_SERVER_ERROR',
  },
  {
    scenario: /^DeleteAcls: kinds that there are not/,
    path: /Acls v\d/,
    reason: 'a kind that there is not is an invalid request; Kafka closes the connection, or finds nothing',
  },
  {
    scenario: /^ShareFetch: by somebody who lacks the right to topic/,
    path: /ShareFetch/,
    reason:
      'topics that are unknown and topics that may not be read are refused by themselves; Kafka fails over both in one request',
  },
  {
    scenario: /^ShareAcknowledge: bad requests/,
    path: / unknown topic: /,
    reason:
      'an unknown topic is refused by itself; Kafka with an authorizer fails over it with UNKNOWN_SERVER_ERROR',
  },
  {
    scenario: /^AlterShareGroupOffsets: by somebody who lacks the right to topic/,
    path: /responses/,
    reason: 'whoever may not read a topic is not told its id',
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
    scenario: /./,
    path: /errorMessage$/,
    kafka: /^(null|"")$/,
    reason: 'an error says what is wrong where Kafka says nothing',
  },
  {
    scenario: /^Produce: (right and wrong|sizes)/,
    path: / (unknown codec|bad bytes of codec \d): /,
    kafka: /^-1$|^0$/,
    reason:
      'bytes that cannot be decompressed are a corrupt message; Kafka answers UNKNOWN_SERVER_ERROR, after which Java producers duplicate (KAFKA-14034)',
  },
  {
    scenario: /^Produce: right and wrong/,
    path: / null records: /,
    kafka: /no answer/,
    reason: 'a partition without records is refused; Kafka never answers',
  },
  {
    scenario: /^Produce: several partitions/,
    path: / twice: responses/,
    reason:
      'two batches for one partition are both appended and answered; Kafka loses the first without a word',
  },
  {
    scenario: /^Produce: (idempotence|a producer that is not known|in transactions)/,
    path: /logAppendTimeMs$/,
    kafka: /^16000000\d{5}$/,
    reason:
      'a duplicate has no append time where the topic keeps the times of producers; Kafka answers the largest of those',
  },
  {
    scenario: /^Produce: idempotence/,
    path: / no epoch: /,
    reason:
      "a producer's id without an epoch is a malformed batch whoever sends it; Kafka takes it from a producer that it does not know",
  },
  {
    scenario: /^Fetch: limits/,
    path: / (partition's )?max -1: /,
    reason: 'a negative limit is taken for none at all, 0 bytes; Kafka fails with UNKNOWN_SERVER_ERROR',
  },
  {
    scenario: /^(Fetch: isolation|ListOffsets: by time)/,
    path: / isolation 2: (.*errorCode|responses\..*)$/,
    reason:
      'an isolation level that does not exist is an INVALID_REQUEST; Kafka fails with UNKNOWN_SERVER_ERROR',
  },
  {
    scenario: /^ListOffsets: by time/,
    path: / -3 after all went: /,
    reason:
      'the record of the largest timestamp is never one that was deleted; Kafka answers an offset before the start of the log',
  },
  {
    scenario: /^IncrementalAlterConfigs/,
    path: / unknown operation: .*errorCode$/,
    kafka: /^-1$/,
    reason: 'an operation that does not exist is an INVALID_REQUEST; Kafka fails with UNKNOWN_SERVER_ERROR',
  },
  {
    scenario: /^IncrementalAlterConfigs/,
    path: / unknown key: responses\.1\./,
    reason:
      'an unknown config of a broker is refused, as it is probably misspelt; Kafka keeps it for plugins, which do not exist here',
  },
  {
    scenario: /^AlterConfigs/,
    path: / a topic twice: /,
    kafka: /no answer/,
    reason: 'a resource that is named twice is refused; Kafka never answers',
  },
  {
    scenario: /^(DescribeConfigs|.*AlterConfigs)/,
    path: /\.synonyms\.\d+$/,
    kafka: /^nothing$/,
    reason:
      "the keys that a value may come from are all told, as log.retention.hours for retention.ms; Kafka drops those before the first of the key's own name",
  },
  {
    scenario: /^DescribeConfigs: of the broker/,
    path: /configs\.(log\.dirs?|listeners|advertised\.listeners|controller\.(listener\.names|quorum\.voters)|process\.roles|node\.id|broker\.id)\./,
    reason:
      'where and how each of the two was started differs; broker.id is an older name of node.id and not filled from it',
  },
  {
    scenario: /^DescribeConfigs: of the broker/,
    path: /configs\.(replica\.alter\.log\.dirs\.io\.max\.bytes\.per\.second|(leader|follower)\.replication\.throttled\.rate)$/,
    kafka: /^nothing$/,
    reason: 'limits that can be set while the broker runs are told before somebody sets them',
  },
  {
    scenario: /^DescribeConfigs: of the broker/,
    path: /configs\.(super\.users|allow\.everyone\.if\.no\.acl\.found)(\.|$)/,
    reason: 'the settings of the authorizer are no secrets; Kafka does not know them for its own',
  },
  {
    scenario: /^DescribeConfigs: of the broker/,
    path: /configs\.listener\.name\.[^:]*(readOnly|documentation)$/,
    reason: 'what a listener has of its own can be changed while the broker runs, and is explained',
  },
  {
    scenario: /^DescribeConfigs: of the broker/,
    path: /configs\.listener\.security\.protocol\.map\.readOnly$/,
    reason: 'listeners are not changed while the broker runs',
  },
  {
    scenario: /^DescribeConfigs: of the broker/,
    path: /configs\.group\.initial\.rebalance\.delay\.ms\.synonyms/,
    kafka: /^"3000"$/,
    reason: 'a new group waits 100 ms for more members, not 3 s',
  },
  {
    scenario: /onsumer ?[gG]roup|consumer protocol/,
    path: /heartbeatIntervalMs$/,
    reason:
      'a member on its way to its assignment is asked to come again sooner, so that rebalances take less time',
  },
  {
    scenario: /^AlterUserScramCredentials/,
    path: /^no password: .*errorCode$/,
    kafka: /^-1$/,
    reason:
      'a credential of an empty salted password is unacceptable; Kafka fails over it with UNKNOWN_SERVER_ERROR',
  },
  {
    scenario: /^(DescribeConfigs|.*AlterConfigs)/,
    path: /configs\.moldau\./,
    reason: 'keys that begin with `moldau.` are our own',
  },
  {
    scenario: /^(DescribeConfigs|.*AlterConfigs)/,
    path: /configs\.min\.insync\.replicas(\.|$)/,
    reason:
      'Kafka sets min.insync.replicas for the whole cluster when it formats a folder, for a feature of clusters of several brokers (KIP-966)',
  },
  {
    scenario: /^ShareFetch: sessions/,
    path: / unknown topic: /,
    reason:
      "an unknown topic is an error of that topic; Kafka's broker fails over it with UNKNOWN_SERVER_ERROR",
  },
  {
    scenario: /^(Produce|ListOffsets|DeleteRecords|OffsetCommit|OffsetDelete): odd requests/,
    path: / a topic without partitions: (topics|responses)\.[^.]*$/,
    kafka: /^nothing$/,
    reason: 'a topic that is named without partitions is answered without partitions; Kafka leaves it out',
  },
  {
    scenario: /^(Produce|ListOffsets): odd requests/,
    path: / a topic in two pieces: (topics|responses)$/,
    reason:
      'a topic that is named twice, with different partitions, is answered twice; Kafka puts them together',
  },
  {
    scenario: /^Fetch: odd requests/,
    path: / twice: responses\.[^.]*\.partitions$/,
    reason: 'a partition that is asked for twice is answered twice; Kafka answers the last',
  },
  {
    scenario: /^(ListOffsets|OffsetForLeaderEpoch): odd requests/,
    path: / (current )?epoch -7: /,
    reason:
      'any negative leader epoch is none, as in Fetch; here Kafka compares those below -1 and finds them fenced',
  },
  {
    scenario: /^FindCoordinator: odd requests/,
    path: / share key g:[\w-]+:-1: /,
    reason: 'there is no coordinator for partition -1; Kafka names one',
  },
  {
    scenario: /^CreateTopics: odd requests/,
    path: /^two that collide: topics\.a_b\./,
    reason: 'two new topics whose metrics would have the same name are refused in one request as in two',
  },
  {
    scenario: /^(CreateTopics|CreatePartitions): odd requests/,
    path: /(no|negative) time: /,
    kafka: /^(7|-1|null)$/,
    reason:
      'work that is done at once needs no time: a timeout of 0 ends nothing; Kafka answers REQUEST_TIMED_OUT',
  },
  {
    scenario: /^AlterConfigs: odd requests/,
    path: / metrics, wrong: .*errorCode$/,
    kafka: /^40$/,
    reason:
      'every wrong value of a client metrics subscription is an INVALID_REQUEST, as in Kafka those out of range',
  },
  {
    scenario: /^DescribeShareGroupOffsets/,
    path: / delivered, nothing acknowledged: .*(startOffset|lag)$/,
    kafka: /^-1$/,
    reason:
      "where a share group starts is kept from its first fetch on; Kafka keeps it with the first acknowledgement, and a group of 'latest' that crashes before passes over what it was delivered",
  },
  {
    scenario: /^DescribeShareGroupOffsets/,
    path: / a partition that is not there: /,
    reason: 'a partition that does not exist has no offset; Kafka never answers',
  },
  {
    scenario: /^Produce: in transactions v([3-9]|10)$/,
    path: /: responses\.a\.partitionResponses\.\d\.errorCode$/,
    kafka: /^120$/,
    moldau: /^48$/,
    reason:
      'an error of a transaction fits the version of the request that meets it; Kafka verifies several at once, and answers all as the first of them',
  },
  {
    scenario: /^Produce: in transactions v11$/,
    path: /: responses\.a\.partitionResponses\.\d\.errorCode$/,
    kafka: /^48$/,
    moldau: /^120$/,
    reason:
      'an error of a transaction fits the version of the request that meets it; Kafka verifies several at once, and answers all as the first of them',
  },
];

export function isDeliberate(
  scenario: string,
  { path, expected, actual }: Difference,
): Deliberate | undefined {
  return deliberate.find(
    (each) =>
      each.scenario.test(scenario) &&
      each.path.test(path) &&
      (each.kafka?.test(expected) ?? true) &&
      (each.moldau?.test(actual) ?? true),
  );
}
