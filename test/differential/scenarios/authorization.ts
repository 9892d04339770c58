// Who may do what: every API asked by somebody without any right, and by somebody who lacks one of those that the table names.

import {
  deleteAclsRequest,
  deleteAclsResponse,
  describeAclsRequest,
  describeAclsResponse,
  type Message,
} from '@moldau/protocol';
import { handlers } from '../../../packages/broker/src/apis/handlers.ts';
import { requestsNaming } from '../../../packages/broker/src/apis/testing-requests.ts';
import {
  AclOperation,
  CLUSTER_NAME,
  PatternType,
  PermissionType,
  ResourceType,
} from '../../../packages/broker/src/security/authorization/acl.ts';
import {
  type Permission,
  permissions,
} from '../../../packages/broker/src/security/authorization/permissions.ts';
import type { User } from '../brokers.ts';
import { batchOf } from '../records.ts';
import {
  CreateAcls,
  Fetch,
  FindCoordinator,
  InitProducerId,
  inEveryVersion,
  ListGroups,
  ListTransactions,
  Metadata,
  Produce,
  type Scenario,
} from '../scenario.ts';
import { type Api, api, pause, type Side } from '../side.ts';

const DescribeAcls = api(describeAclsRequest, describeAclsResponse);
const DeleteAcls = api(deleteAclsRequest, deleteAclsResponse);
const MISSING_ID = 'missingAAAAAAAAAAAAAAA';
/** Versions before store message sets, which is tested elsewhere. */
const FIRST_PRODUCE_VERSION = 3;

const { ALLOW, DENY } = PermissionType;
const { TOPIC, GROUP, CLUSTER, TRANSACTIONAL_ID } = ResourceType;

/** By API key, as in 'consumerGroupHeartbeat'. */
const rowsOf = new Map(
  handlers.map(({ apiKey, name }) => [
    apiKey,
    Object.entries<Permission>(
      permissions[`${name[0]!.toLowerCase()}${name.slice(1)}` as keyof typeof permissions] ?? {},
    ),
  ]),
);
const NOTHING = { topics: [{ name: '', id: MISSING_ID }], groups: [''], transactionalId: '' };
const sampled = handlers.filter(({ apiKey }) => requestsNaming(NOTHING).has(apiKey));

async function sample(side: Side, apiKey: number): Promise<object> {
  const topic = await side.createTopic('seen');
  await coordinated(side);
  return requestsNaming({
    topics: [topic, { name: `${side.prefix}missing`, id: MISSING_ID }],
    groups: [`${side.prefix}group`],
    transactionalId: `${side.prefix}transactional`,
  }).get(apiKey)!;
}

/** Kafka answers for groups and transactions only when their coordinators are there. */
async function coordinated(side: Side): Promise<void> {
  for (const keyType of [0, 1]) {
    for (;;) {
      const query = { keyType, coordinatorKeys: [`${side.prefix}group`] };
      const { coordinators } = await side.quietly(FindCoordinator, 4, query);
      if (coordinators[0]!.errorCode === 0) break;
      await pause(50);
    }
  }
  for (;;) {
    const [groups, transactions] = [
      await side.quietly(ListGroups, 4, { statesFilter: [] }),
      await side.quietly(ListTransactions, 0, { stateFilters: [], producerIdFilters: [] }),
    ];
    const producer = { transactionalId: null, transactionTimeoutMs: 1000 };
    const { errorCode } = await side.quietly(InitProducerId, 4, producer);
    if (groups.errorCode === 0 && transactions.errorCode === 0 && errorCode === 0) return;
    await pause(50);
  }
}

function apiOf({ name, request, response }: (typeof handlers)[number]): Api<never, unknown> {
  return { name, request, response: response as unknown as Message<unknown, never> };
}

const byNobody = sampled.map((handler) =>
  inEveryVersion(
    apiOf(handler),
    'by somebody without rights',
    async (side, version) => {
      const query = await sample(side, handler.apiKey);
      await side.as('nobody').ask(apiOf(handler), version, query as never);
    },
    { logsIn: true, from: handler.apiKey === 0 ? FIRST_PRODUCE_VERSION : 0 },
  ),
);

/** Allows a user all, but for one operation. */
async function allowAllBut(side: Side, user: User, { operation, resourceType }: Permission): Promise<void> {
  const everything = {
    principal: `User:${user}`,
    host: '*',
    operation: AclOperation.ALL,
    permissionType: ALLOW,
  };
  const types =
    user === 'operator' ? [CLUSTER, TOPIC, GROUP, TRANSACTIONAL_ID] : [TOPIC, GROUP, TRANSACTIONAL_ID];
  const creations = types.map((type) => ({
    ...everything,
    resourceType: type,
    ...(type === CLUSTER
      ? { resourceName: CLUSTER_NAME, resourcePatternType: PatternType.LITERAL }
      : { resourceName: side.prefix, resourcePatternType: PatternType.PREFIXED }),
  }));
  const pattern = creations.find((each) => each.resourceType === resourceType)!;
  await side.quietly(CreateAcls, 3, {
    creations: [...creations, { ...pattern, operation, permissionType: DENY }],
  });
  await side.untilInForce();
}

const withoutOne = sampled.flatMap((handler) =>
  rowsOf.get(handler.apiKey)!.flatMap(([what, permission]) => {
    const isOfCluster = permission.resourceType === CLUSTER;
    const isTested =
      isOfCluster || [TOPIC, GROUP, TRANSACTIONAL_ID].includes(permission.resourceType as never);
    if (!isTested) return [];
    const user = isOfCluster ? 'operator' : 'restricted';
    return [
      inEveryVersion(
        apiOf(handler),
        `by somebody who lacks the right to ${what}`,
        async (side, version) => {
          const whole = await sample(side, handler.apiKey);
          // An idempotent producer without transactions needs other rights than one with.
          const isIdempotent = handler.apiKey === 22 && what !== 'transactionalId';
          const query = isIdempotent ? { ...whole, transactionalId: null } : whole;
          await allowAllBut(side, user, permission);
          await side.as(user).ask(apiOf(handler), version, query as never);
          if (isOfCluster) await forget(side, user);
        },
        { logsIn: true, from: handler.maxVersion, isAlone: isOfCluster },
      ),
    ];
  }),
);

async function forget(side: Side, user: User): Promise<void> {
  await side.quietly(DeleteAcls, 3, { filters: [{ ...ANY, principalFilter: `User:${user}` }] });
  await side.untilInForce();
}

const ANY = {
  ...{ resourceTypeFilter: ResourceType.ANY, resourceNameFilter: null, patternTypeFilter: PatternType.ANY },
  ...{ principalFilter: null, hostFilter: null },
  ...{ operation: AclOperation.ANY, permissionType: PermissionType.ANY },
};

function rule(side: Side, differences: object = {}) {
  return {
    ...{
      resourceType: TOPIC,
      resourceName: `${side.prefix}orders`,
      resourcePatternType: PatternType.LITERAL,
    },
    ...{ principal: 'User:ada', host: '*', operation: AclOperation.READ, permissionType: ALLOW },
    ...differences,
  };
}

const ofRules = [
  inEveryVersion(CreateAcls, 'right and wrong ones', async (side, version) => {
    const wrong = [
      { resourceName: '' },
      { resourceType: CLUSTER },
      { resourceType: ResourceType.ANY },
      { resourcePatternType: PatternType.ANY },
      { resourcePatternType: PatternType.MATCH },
      { operation: AclOperation.ANY },
      { permissionType: PermissionType.ANY },
      { principal: 'ada' },
      { principal: '' },
    ];
    const right = [
      {},
      {},
      { host: '' },
      { host: 'no address' },
      { principal: 'User:' },
      { principal: ':' },
      { principal: 'Role:clerk' },
      { resourceName: `${side.prefix}*`, resourcePatternType: PatternType.PREFIXED },
      { resourceType: TRANSACTIONAL_ID, operation: AclOperation.TWO_PHASE_COMMIT },
      { resourceType: GROUP, operation: AclOperation.CLUSTER_ACTION },
      { resourceType: ResourceType.USER, operation: AclOperation.CREATE_TOKENS },
      { resourceType: ResourceType.DELEGATION_TOKEN, operation: AclOperation.DESCRIBE },
    ];
    for (const differences of wrong)
      await side.ask(
        CreateAcls,
        version,
        { creations: [rule(side, differences)] },
        JSON.stringify(differences),
      );
    await side.ask(CreateAcls, version, { creations: right.map((each) => rule(side, each)) });
    await side.ask(CreateAcls, version, { creations: [] });
    await side.untilInForce();
    const filter = { ...ANY, resourceNameFilter: `${side.prefix}orders` };
    await side.ask(DescribeAcls, version, filter);
    await side.ask(DeleteAcls, version, { filters: [filter, filter] });
    await side.untilInForce();
    await side.ask(DescribeAcls, version, filter);
  }),
  inEveryVersion(DescribeAcls, 'filters', async (side, version) => {
    const name = `${side.prefix}orders`;
    await side.quietly(CreateAcls, 3, {
      creations: [
        rule(side),
        rule(side, { operation: AclOperation.WRITE, host: '10.0.0.1' }),
        rule(side, { principal: 'User:bob', permissionType: DENY }),
        rule(side, { resourcePatternType: PatternType.PREFIXED }),
        rule(side, { resourceName: side.prefix, resourcePatternType: PatternType.PREFIXED }),
        rule(side, { resourceType: GROUP }),
      ],
    });
    await side.untilInForce();
    for (const differences of [
      { resourceNameFilter: name },
      { resourceNameFilter: name, patternTypeFilter: PatternType.LITERAL },
      { resourceNameFilter: name, patternTypeFilter: PatternType.PREFIXED },
      { resourceNameFilter: `${name}-2`, patternTypeFilter: PatternType.MATCH, principalFilter: 'User:ada' },
      { resourceNameFilter: name, resourceTypeFilter: GROUP },
      { resourceNameFilter: name, principalFilter: 'User:bob' },
      { resourceNameFilter: name, hostFilter: '10.0.0.1' },
      { resourceNameFilter: name, operation: AclOperation.WRITE },
      { resourceNameFilter: name, permissionType: DENY },
      { resourceNameFilter: '' },
    ])
      await side.ask(DescribeAcls, version, { ...ANY, ...differences }, JSON.stringify(differences));
  }),
  inEveryVersion(DeleteAcls, 'kinds that there are not', async (side, version) => {
    for (const differences of [
      { operation: 0 },
      { operation: 99 },
      { resourceTypeFilter: 0 },
      { patternTypeFilter: 0 },
    ]) {
      await side.ask(DescribeAcls, version, { ...ANY, ...differences }, JSON.stringify(differences));
      await side.ask(
        DeleteAcls,
        version,
        { filters: [{ ...ANY, ...differences }] },
        JSON.stringify(differences),
      );
    }
    await side.ask(CreateAcls, version, { creations: [rule(side, { operation: 0 })] });
    await side.ask(CreateAcls, version, { creations: [rule(side, { permissionType: 9 })] });
  }),
];

const attacks: Scenario[] = [
  inEveryVersion(
    Fetch,
    'by somebody who says to be a replica',
    async (side, version) => {
      const { name, id } = await side.createTopic('data');
      await side.append(name, batchOf(['a secret']));
      const query = {
        ...{ replicaId: 1, replicaState: { replicaId: 1, replicaEpoch: 1 } },
        ...{ maxWaitMs: 0, minBytes: 0, maxBytes: 1000, isolationLevel: 0, forgottenTopicsData: [] },
        topics: [
          {
            topic: name,
            topicId: id,
            partitions: [{ partition: 0, fetchOffset: 0, partitionMaxBytes: 1000 }],
          },
        ],
      };
      await side.as('nobody').ask(Fetch, version, query);
    },
    { logsIn: true, from: 4 },
  ),
  inEveryVersion(
    Produce,
    'to a topic of the brokers',
    async (side, version) => {
      await side.quietly(FindCoordinator, 4, { keyType: 0, coordinatorKeys: ['g'] });
      await side.untilLed('__consumer_offsets', 1);
      const { topics } = await side.quietly(Metadata, 12, { topics: [{ name: '__consumer_offsets' }] });
      side.call(topics[0]!.topicId, '<id of offsets>');
      const partitionData = [{ index: 0, records: batchOf(['forged']) }];
      await side.ask(Produce, version, {
        ...{ acks: 1, timeoutMs: 1000 },
        topicData: [{ name: '__consumer_offsets', topicId: topics[0]!.topicId, partitionData }],
      });
    },
    { from: FIRST_PRODUCE_VERSION },
  ),
];

export const authorizationScenarios: readonly Scenario[] = [
  ...byNobody,
  ...withoutOne,
  ...ofRules,
  ...attacks,
];
