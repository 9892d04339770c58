// Transactions and groups of somebody who may do most of it: the forbidden part is refused, and the rest goes on. What was there before the
// permission was taken away was made by somebody who may do everything.

import {
  AclOperation,
  PatternType,
  PermissionType,
  ResourceType,
} from '../../../packages/broker/src/security/authorization/acl.ts';
import { batchOf } from '../records.ts';
import {
  CreateAcls,
  DescribeTransactions,
  inEveryVersion,
  OffsetDelete,
  OffsetFetch,
  Produce,
  type Scenario,
} from '../scenario.ts';
import type { Side } from '../side.ts';
import {
  assignAtOnce,
  ConsumerGroupDescribe,
  Member,
  topicKnownToGroups,
} from './consumer-group-requests.ts';
import { commitQuietly, untilCoordinated } from './group-requests.ts';
import {
  ACCEPT,
  acknowledgeOf,
  batch,
  configureShareGroup,
  DeleteShareOffsets,
  DescribeShareOffsets,
  fetchOf,
  heartbeatOf,
  joinShare,
  ShareAcknowledge,
  ShareFetch,
  ShareGroupDescribe,
  ShareGroupHeartbeat,
  type ShareMembership,
} from './share-requests.ts';
import { TransactionalProducer } from './transactional-producer.ts';

const { TOPIC, GROUP, TRANSACTIONAL_ID } = ResourceType;
const LOGGED_IN = { logsIn: true };
const FIRST_PRODUCE_VERSION = 3;
const RECORDS = 4;

interface Topic {
  readonly name: string;
  readonly id: string;
}

/** Somebody who may do all with the things of the scenario, but not this with these. */
async function restricted(side: Side, operation: number, resourceType: number, ...names: string[]) {
  const everybody = { principal: 'User:restricted', host: '*' };
  await side.quietly(CreateAcls, 3, {
    creations: [
      ...[TOPIC, GROUP, TRANSACTIONAL_ID].map((type) => ({
        ...{ ...everybody, resourceType: type, resourceName: side.prefix },
        ...{ resourcePatternType: PatternType.PREFIXED, operation: AclOperation.ALL },
        permissionType: PermissionType.ALLOW,
      })),
      ...names.map((resourceName) => ({
        ...{ ...everybody, resourceType, resourceName, resourcePatternType: PatternType.LITERAL, operation },
        permissionType: PermissionType.DENY,
      })),
    ],
  });
  await side.untilInForce();
  return side.as('restricted');
}

/** A share group that was given records of both topics, and has acknowledged none. */
async function given(side: Side, member: ShareMembership, topics: readonly Topic[]): Promise<number> {
  for (const { name } of topics) await side.append(name, batchOf(Array.from({ length: RECORDS }, () => 'v')));
  await configureShareGroup(side, member.groupId);
  await joinShare(
    side,
    member,
    topics.map(({ name }) => name),
  );
  const missing = new Set(topics.map(({ id }) => id));
  for (let epoch = 0; epoch < 20; epoch++) {
    const { responses } = await side.quietly(ShareFetch, 2, {
      ...fetchOf(member, epoch, ''),
      topics: topics.map(({ id }) => ({
        topicId: id,
        partitions: [{ partitionIndex: 0, acknowledgementBatches: [] }],
      })),
    });
    for (const { topicId, partitions } of responses)
      if (partitions.some(({ acquiredRecords }) => acquiredRecords.length > 0)) missing.delete(topicId);
    if (missing.size === 0) return epoch + 1;
  }
  throw new Error('the member is not given records of both topics');
}

export const partlyAllowedScenarios: readonly Scenario[] = [
  inEveryVersion(
    Produce,
    'in transactions that one may not write in',
    async (side, version) => {
      const topic = await side.createTopic('t');
      const producer = await new TransactionalProducer(side, 'transaction').init();
      await producer.add(topic.name);
      const { transactionalId } = producer;
      const user = await restricted(side, AclOperation.WRITE, TRANSACTIONAL_ID, transactionalId);
      const produce = (label: string, id: string | null, records: Buffer) =>
        user.ask(
          Produce,
          version,
          {
            ...{ transactionalId: id, acks: -1, timeoutMs: 10_000 },
            topicData: [{ name: topic.name, topicId: topic.id, partitionData: [{ index: 0, records }] }],
          },
          label,
        );
      const records = producer.batch(['a', 'b']);
      await produce('in its transaction', transactionalId, records);
      await produce('in another', `${side.prefix}other`, records);
      await produce('in none', null, records);
      await produce('in an empty one', '', records);
      await produce('no records of transactions', transactionalId, batchOf(['plain']));
      await side.ask(DescribeTransactions, 0, { transactionalIds: [transactionalId] });
    },
    { ...LOGGED_IN, from: FIRST_PRODUCE_VERSION },
  ),
  inEveryVersion(
    Produce,
    'in transactions, to topics that one may not write to',
    async (side, version) => {
      const [open, secret] = [await side.createTopic('open'), await side.createTopic('secret')];
      const producer = await new TransactionalProducer(side, 'transaction').init();
      await producer.add(open.name);
      const { transactionalId } = producer;
      const user = await restricted(side, AclOperation.WRITE, TOPIC, secret.name);
      const records = producer.batch(['a']);
      await user.ask(Produce, version, {
        ...{ transactionalId, acks: -1, timeoutMs: 10_000 },
        topicData: [open, secret].map(({ name, id }) => ({
          ...{ name, topicId: id, partitionData: [{ index: 0, records }] },
        })),
      });
      await side.ask(DescribeTransactions, 0, { transactionalIds: [transactionalId] });
    },
    { ...LOGGED_IN, from: FIRST_PRODUCE_VERSION },
  ),
  inEveryVersion(
    OffsetDelete,
    'of topics that one may not read',
    async (side, version) => {
      const groupId = `${side.prefix}g`;
      await untilCoordinated(side, groupId);
      const [open, secret] = [await side.createTopic('open'), await side.createTopic('secret')];
      for (const { name } of [open, secret]) await commitQuietly(side, groupId, name, [[0, 5, '']]);
      const absent = `${side.prefix}absent`;
      const forbidden = `${side.prefix}forbidden`;
      const user = await restricted(side, AclOperation.READ, TOPIC, secret.name, forbidden);
      const remove = (label: string, ...names: string[]) =>
        user.ask(
          OffsetDelete,
          version,
          {
            groupId,
            topics: names.map((name) => ({
              name,
              partitions: [{ partitionIndex: 0 }, { partitionIndex: 7 }],
            })),
          },
          label,
        );
      await remove('all kinds', open.name, secret.name, absent, forbidden);
      await remove('forbidden ones', secret.name, forbidden);
      await side.ask(OffsetFetch, 8, { groups: [{ groupId, topics: null }] }, 'what is left');
    },
    LOGGED_IN,
  ),
  inEveryVersion(
    ConsumerGroupDescribe,
    'whose members read what one may not see',
    async (side, version) => {
      const groupIds = ['open', 'secret', 'both', 'unassigned'].map((name) => `${side.prefix}${name}`);
      await untilCoordinated(side, groupIds[0]!);
      const open = await topicKnownToGroups(side, { partitions: 1 }, 'open-topic');
      const secret = await topicKnownToGroups(side, { partitions: 1 }, 'secret-topic');
      const absent = `${side.prefix}absent`;
      const [ofOpen, ofSecret, ofBoth, unassigned] = groupIds as [string, string, string, string];
      await new Member(side, ofOpen, 'a').join([open.name]);
      await new Member(side, ofSecret, 'a').join([secret.name]);
      await assignAtOnce(side, ofBoth);
      await new Member(side, ofBoth, 'a').join([open.name]);
      await new Member(side, ofBoth, 'b').join([secret.name]);
      await new Member(side, unassigned, 'a').join([absent]);
      const user = await restricted(side, AclOperation.DESCRIBE, TOPIC, secret.name, absent);
      for (const includeAuthorizedOperations of [false, true])
        await user.ask(
          ConsumerGroupDescribe,
          version,
          {
            groupIds: [`foreign-${side.prefix}`, ...groupIds, `${side.prefix}none`],
            includeAuthorizedOperations,
          },
          `operations ${includeAuthorizedOperations}`,
        );
    },
    LOGGED_IN,
  ),
  inEveryVersion(
    ShareGroupDescribe,
    'whose members read what one may not see',
    async (side, version) => {
      const [open, secret] = [await side.createTopic('open-topic'), await side.createTopic('secret-topic')];
      const groupOf = (name: string) => ({ groupId: `${side.prefix}${name}`, memberId: `member-${name}` });
      await joinShare(side, groupOf('open'), [open.name]);
      await joinShare(side, groupOf('secret'), [secret.name]);
      const absent = `${side.prefix}absent`;
      await side.quietly(ShareGroupHeartbeat, 1, heartbeatOf(groupOf('unassigned'), 0, [absent]));
      const user = await restricted(side, AclOperation.DESCRIBE, TOPIC, secret.name, absent);
      const groupIds = [
        `foreign-${side.prefix}`,
        ...['open', 'secret', 'unassigned', 'none'].map((name) => groupOf(name).groupId),
      ];
      for (const includeAuthorizedOperations of [false, true])
        await user.ask(
          ShareGroupDescribe,
          version,
          { groupIds, includeAuthorizedOperations },
          `operations ${includeAuthorizedOperations}`,
        );
    },
    LOGGED_IN,
  ),
  inEveryVersion(
    ShareAcknowledge,
    'of topics that one may not read',
    async (side, version) => {
      const [open, secret] = [await side.createTopic('open'), await side.createTopic('secret')];
      const member = { groupId: `${side.prefix}g`, memberId: 'member-a' };
      const epoch = await given(side, member, [open, secret]);
      const user = await restricted(side, AclOperation.READ, TOPIC, secret.name);
      const acknowledge = (label: string, sessionEpoch: number, last: number, ...topics: Topic[]) =>
        user.ask(
          ShareAcknowledge,
          version,
          {
            ...acknowledgeOf(member, sessionEpoch, '', []),
            topics: topics.map(({ id }) => ({
              topicId: id,
              partitions: [{ partitionIndex: 0, acknowledgementBatches: [batch(0, last, ACCEPT)] }],
            })),
          },
          label,
        );
      await acknowledge('both', epoch, 1, open, secret);
      await acknowledge('the forbidden one', epoch + 1, 1, secret);
      await acknowledge('what was acknowledged', epoch + 2, 1, open);
      await side.ask(
        ShareAcknowledge,
        version,
        acknowledgeOf(member, epoch + 3, secret.id, [batch(0, 1, ACCEPT)]),
        'the forbidden one, by somebody who may',
      );
    },
    LOGGED_IN,
  ),
  inEveryVersion(
    DeleteShareOffsets,
    'of topics that one may not read',
    async (side, version) => {
      const [open, secret] = [await side.createTopic('open'), await side.createTopic('secret')];
      const member = { groupId: `${side.prefix}g`, memberId: 'member-a' };
      const { groupId } = member;
      const epoch = await given(side, member, [open, secret]);
      for (const [index, { id }] of [open, secret].entries())
        await side.quietly(
          ShareAcknowledge,
          2,
          acknowledgeOf(member, epoch + index, id, [batch(0, RECORDS - 1, ACCEPT)]),
        );
      await side.quietly(ShareFetch, 2, { ...fetchOf(member, -1, open.id), topics: [] });
      await side.quietly(ShareGroupHeartbeat, 1, heartbeatOf(member, -1));
      const [absent, forbidden] = [`${side.prefix}absent`, `${side.prefix}forbidden`];
      const user = await restricted(side, AclOperation.READ, TOPIC, secret.name, forbidden);
      const remove = (label: string, ...names: string[]) =>
        user.ask(
          DeleteShareOffsets,
          version,
          { groupId, topics: names.map((topicName) => ({ topicName })) },
          label,
        );
      await remove('forbidden ones', secret.name, forbidden);
      await remove('all kinds', open.name, secret.name, absent, forbidden);
      await remove('what was deleted', open.name);
      await side.ask(DescribeShareOffsets, 1, { groups: [{ groupId, topics: null }] }, 'what is left');
    },
    LOGGED_IN,
  ),
];
