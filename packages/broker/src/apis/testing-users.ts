// For tests: a broker with an authorizer and users who log in, of whom `admin` may do everything.

import assert from 'node:assert/strict';
import {
  createAclsRequest,
  createAclsResponse,
  createTopicsRequest,
  createTopicsResponse,
  deleteAclsRequest,
  deleteAclsResponse,
  ErrorCode,
  findCoordinatorRequest,
  findCoordinatorResponse,
  saslAuthenticateRequest,
  saslAuthenticateResponse,
  saslHandshakeRequest,
  saslHandshakeResponse,
} from '@moldau/protocol';
import { RawClient, startTestBroker, type TestBroker } from '@moldau/testing';
import {
  AclOperation,
  CLUSTER_NAME,
  PatternType,
  PermissionType,
  ResourceType,
} from '../security/authorization/acl.ts';

const { TOPIC, GROUP, CLUSTER, TRANSACTIONAL_ID } = ResourceType;
/** Of resources that rules are about here. */
export const TYPES: readonly number[] = [TOPIC, GROUP, CLUSTER, TRANSACTIONAL_ID];

/** What is forbidden: an operation on all resources of a type, or on one. */
export interface Forbidden {
  readonly operation: number;
  readonly resourceType: number;
  readonly resourceName?: string;
}

export class BrokerWithUsers {
  readonly #broker: TestBroker;
  readonly #clients: RawClient[] = [];
  #admin: RawClient | undefined;

  private constructor(broker: TestBroker) {
    this.#broker = broker;
  }

  /** Its users are `admin`, `some` and `nobody`. */
  static async start(): Promise<BrokerWithUsers> {
    const users = ['admin', 'some', 'nobody'].map((user) => `user_${user}="secret"`).join(' ');
    const broker = new BrokerWithUsers(
      await startTestBroker({
        settings: [
          'listeners=SASL_PLAINTEXT://127.0.0.1:0',
          'sasl.enabled.mechanisms=PLAIN',
          `sasl.jaas.config=org.apache.kafka.common.security.plain.PlainLoginModule required ${users};`,
          'authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer',
          'super.users=User:admin',
        ],
      }),
    );
    broker.#admin = await broker.dial('admin');
    for (const keyType of [0, 1])
      await broker.admin.request(findCoordinatorRequest, findCoordinatorResponse, 4, {
        ...{ keyType, coordinatorKeys: ['any'] },
      });
    return broker;
  }

  get admin(): RawClient {
    return this.#admin!;
  }

  /** A connection of a user, which ends with the broker. */
  async dial(user: string): Promise<RawClient> {
    const client = await RawClient.dial(this.#broker);
    this.#clients.push(client);
    await client.request(saslHandshakeRequest, saslHandshakeResponse, 1, { mechanism: 'PLAIN' });
    const authBytes = Buffer.from(`\0${user}\0secret`);
    const answer = await client.request(saslAuthenticateRequest, saslAuthenticateResponse, 2, { authBytes });
    assert.equal(answer.errorCode, ErrorCode.NONE);
    return client;
  }

  /** A topic of one partition. Its id. */
  async createTopic(name: string): Promise<string> {
    const { topics } = await this.admin.request(createTopicsRequest, createTopicsResponse, 7, {
      topics: [{ name, numPartitions: 1, replicationFactor: 1, assignments: [], configs: [] }],
      timeoutMs: 1000,
    });
    return topics[0]!.topicId;
  }

  /** From now on `some` may do everything but this, whatever was allowed before. */
  async allowAllBut(...forbidden: readonly Forbidden[]): Promise<void> {
    await this.admin.request(deleteAclsRequest, deleteAclsResponse, 3, { filters: [RULES_OF_SOME] });
    const { results } = await this.admin.request(createAclsRequest, createAclsResponse, 3, {
      creations: [
        ...TYPES.map((resourceType) => rule({ resourceType, operation: AclOperation.ALL })),
        ...forbidden.map((each) => ({ ...rule(each), permissionType: PermissionType.DENY })),
      ],
    });
    assert.ok(results.every(({ errorCode }) => errorCode === ErrorCode.NONE));
  }

  async stop(): Promise<void> {
    for (const client of this.#clients) client.close();
    await this.#broker.stop();
  }
}

const RULES_OF_SOME = {
  ...{ resourceTypeFilter: ResourceType.ANY, resourceNameFilter: null, patternTypeFilter: PatternType.ANY },
  ...{ principalFilter: 'User:some', hostFilter: null },
  ...{ operation: AclOperation.ANY, permissionType: PermissionType.ANY },
};

function rule({ operation, resourceType, resourceName }: Forbidden) {
  return {
    ...{ operation, resourceType, principal: 'User:some', host: '*' },
    resourceName: resourceName ?? (resourceType === CLUSTER ? CLUSTER_NAME : '*'),
    resourcePatternType: PatternType.LITERAL,
    permissionType: PermissionType.ALLOW,
  };
}
