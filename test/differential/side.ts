// One of the two brokers as a scenario sees it: what it is asked and what it answers is kept for the comparison.

import {
  createTopicsRequest,
  createTopicsResponse,
  encodeRequestFrame,
  listOffsetsRequest,
  listOffsetsResponse,
  type Message,
  metadataRequest,
  metadataResponse,
  produceRequest,
  produceResponse,
  saslAuthenticateRequest,
  saslAuthenticateResponse,
  saslHandshakeRequest,
  saslHandshakeResponse,
} from '@moldau/protocol';
import { RawClient } from '@moldau/testing';
import { type Address, PASSWORD, type User } from './brokers.ts';
import { Normaliser } from './normalise.ts';

export interface Api<Query, Answer> {
  readonly name: string;
  readonly request: Message<unknown, Query>;
  readonly response: Message<Answer, never>;
}

export function api<Query, Answer>(
  request: Message<unknown, Query>,
  response: Message<Answer, never>,
): Api<Query, Answer> {
  return { name: request.name.replace(/Request$/, ''), request, response };
}

export interface Step {
  readonly label: string;
  readonly answer: unknown;
}

const Metadata = api(metadataRequest, metadataResponse);
const CreateTopics = api(createTopicsRequest, createTopicsResponse);
const Produce = api(produceRequest, produceResponse);
export const METADATA_VERSION = 12;
const ListOffsets = api(listOffsetsRequest, listOffsetsResponse);
const LIST_OFFSETS_VERSION = 5;
const CREATE_VERSION = 7;
const PRODUCE_VERSION = 9;
const RAW_ANSWER_MS = 2000;

interface Shared {
  readonly steps: Step[];
  readonly normaliser: Normaliser;
}

export class Side {
  readonly #address: Address;
  readonly #user: User | undefined;
  readonly #shared: Shared;
  readonly #others: Side[] = [];
  #barriers = 0;
  #client: RawClient | undefined;
  /** Part of every name that a scenario makes up, so that scenarios do not meet. */
  readonly prefix: string;

  constructor(
    address: Address,
    prefix: string,
    shared: Shared = { steps: [], normaliser: new Normaliser(prefix) },
    user?: User,
  ) {
    this.#address = address;
    this.#user = user;
    this.prefix = prefix;
    this.#shared = shared;
  }

  get steps(): Step[] {
    return this.#shared.steps;
  }

  /** Another connection to the same broker, whose answers are kept in the same list. */
  another(): Side {
    const other = new Side(this.#address, this.prefix, this.#shared);
    this.#others.push(other);
    return other;
  }

  /** As another(), logged in. */
  as(user: User): Side {
    const other = new Side(this.#address, this.prefix, this.#shared, user);
    this.#others.push(other);
    return other;
  }

  /** Asks, keeps the answer under the label, and returns it. undefined when the broker closed the connection. */
  async ask<Query, Answer>(
    asked: Api<Query, Answer>,
    version: number,
    query: Query,
    label = '',
  ): Promise<Answer | undefined> {
    const name = `${this.steps.length + 1} ${asked.name} v${version}${label === '' ? '' : ` ${label}`}`;
    const place = this.steps.length;
    this.steps.push({ label: name, answer: 'not answered' });
    let answer: Answer | undefined;
    try {
      answer = await this.quietly(asked, version, query);
      this.steps[place] = { label: name, answer: this.#shared.normaliser.normalise(answer) };
    } catch (error) {
      if (!(error instanceof Error)) throw error;
      this.#client?.close();
      this.#client = undefined;
      this.steps[place] = { label: name, answer: error.message };
    }
    return answer;
  }

  /** Asks without keeping the answer. */
  async quietly<Query, Answer>(asked: Api<Query, Answer>, version: number, query: Query): Promise<Answer> {
    this.#client ??= await this.#dial();
    return this.#client.request(asked.request, asked.response, version, query);
  }

  async #dial(): Promise<RawClient> {
    const { host, port, loginPort } = this.#address;
    if (this.#user === undefined) return RawClient.dial({ host, port });
    const client = await RawClient.dial({ host, port: loginPort! });
    await client.request(saslHandshakeRequest, saslHandshakeResponse, 1, { mechanism: 'PLAIN' });
    const authBytes = Buffer.from(`\0${this.#user}\0${PASSWORD}`);
    await client.request(saslAuthenticateRequest, saslAuthenticateResponse, 2, { authBytes });
    return client;
  }

  /** Sends what wants no answer, then sees whether the connection lives. */
  async tell<Query, Answer>(
    asked: Api<Query, Answer>,
    version: number,
    query: Query,
    label = '',
  ): Promise<void> {
    this.#client ??= await this.#dial();
    this.#client.send(...encodeRequestFrame(asked.request, version, 1_000_000, 'raw-client', query));
    const name = `${this.steps.length + 1} ${asked.name} v${version}${label === '' ? '' : ` ${label}`}`;
    try {
      await this.quietly(Metadata, METADATA_VERSION, { topics: [] });
      this.steps.push({ label: name, answer: 'no answer' });
    } catch (error) {
      this.#client = undefined;
      this.steps.push({ label: name, answer: (error as Error).message });
    }
  }

  /** Sends bytes by a connection of their own, and keeps whether they were answered; with `isShown`, the answer's bytes. */
  async raw(bytes: Buffer, label: string, isShown = false): Promise<void> {
    const client = await RawClient.dial(this.#address);
    client.send(bytes);
    let answer: string;
    try {
      const frame = await client.frame(RAW_ANSWER_MS);
      answer = isShown ? frame.toString('hex') : 'answered';
    } catch (error) {
      answer = (error as Error).message;
    }
    client.close();
    this.steps.push({ label: `${this.steps.length + 1} ${label}`, answer });
  }

  /** A value that the broker made up and that the scenario must send back is told apart by this name. */
  call(value: string, standIn: string): void {
    this.#shared.normaliser.name(value, standIn);
  }

  /** Makes a topic and waits until it can be used. Its id is known by '<id of NAME>' from then on. */
  async createTopic(
    suffix: string,
    options: { partitions?: number; configs?: Record<string, string> } = {},
  ): Promise<{ name: string; id: string }> {
    const name = `${this.prefix}${suffix}`;
    const created = await this.quietly(CreateTopics, CREATE_VERSION, {
      topics: [
        {
          name,
          numPartitions: options.partitions ?? 1,
          replicationFactor: 1,
          assignments: [],
          configs: Object.entries({ 'retention.ms': '-1', ...options.configs }).map(([key, value]) => ({
            name: key,
            value,
          })),
        },
      ],
      timeoutMs: 10_000,
    });
    const topic = created.topics[0]!;
    if (topic.errorCode !== 0)
      throw new Error(`cannot create ${name}: ${topic.errorCode} ${topic.errorMessage}`);
    this.call(topic.topicId, `<id of ${name.slice(this.prefix.length)}>`);
    await this.untilLed(name, options.partitions ?? 1);
    return { name, id: topic.topicId };
  }

  /**
   * Waits until the broker works by what the controller has decided so far: Kafka answers before it does. It takes decisions in their order, some
   * at a time, topics before configs: once a new topic is served, and then another, all before the first is in force.
   */
  async untilInForce(): Promise<void> {
    for (let count = 0; count < 2; count++) await this.createTopic(`in-force-${this.#barriers++}`);
  }

  /** Waits until every partition of the topic has a leader. */
  async untilLed(name: string, partitions = 1): Promise<void> {
    for (let attempt = 0; attempt < 1000; attempt++) {
      const { topics } = await this.quietly(Metadata, METADATA_VERSION, {
        topics: [{ name }],
        allowAutoTopicCreation: false,
      });
      const topic = topics[0]!;
      if (
        topic.errorCode === 0 &&
        topic.partitions.filter(({ leaderId }) => leaderId >= 0).length >= partitions
      ) {
        this.call(topic.topicId, `<id of ${name.slice(this.prefix.length)}>`);
        if (await this.#isServed(name, partitions)) return;
      }
      await pause(25);
    }
    throw new Error(`${name} got no leader`);
  }

  /** Kafka names a leader before that leader knows. */
  async #isServed(name: string, partitions: number): Promise<boolean> {
    const { topics } = await this.quietly(ListOffsets, LIST_OFFSETS_VERSION, {
      replicaId: -1,
      topics: [
        {
          name,
          partitions: Array.from({ length: partitions }, (_, partitionIndex) => ({
            partitionIndex,
            timestamp: -1,
          })),
        },
      ],
    });
    return topics[0]!.partitions.every(({ errorCode }) => errorCode === 0);
  }

  async knows(name: string): Promise<boolean> {
    const query = { topics: [{ name }], allowAutoTopicCreation: false };
    const { topics } = await this.quietly(Metadata, METADATA_VERSION, query);
    return topics[0]!.errorCode === 0;
  }

  /** Keeps what a scenario made of an answer. */
  record(label: string, answer: unknown): void {
    this.steps.push({ label, answer: this.#shared.normaliser.normalise(answer) });
  }

  /** Appends to a partition, quietly; fails loudly. */
  async append(topic: string, records: Buffer, index = 0): Promise<number> {
    for (let attempt = 0; ; attempt++) {
      const { errorCode, baseOffset } = await this.#appendOnce(topic, records, index);
      if (errorCode === 0) return baseOffset;
      // Kafka names a leader before that leader knows.
      if (attempt > 1000) throw new Error(`cannot append to ${topic}: ${errorCode}`);
      await pause(25);
    }
  }

  async #appendOnce(topic: string, records: Buffer, index: number) {
    const { responses } = await this.quietly(Produce, PRODUCE_VERSION, {
      acks: -1,
      timeoutMs: 10_000,
      topicData: [{ name: topic, partitionData: [{ index, records }] }],
    });
    return responses[0]!.partitionResponses[0]!;
  }

  close(): void {
    this.#client?.close();
    for (const other of this.#others) other.close();
  }
}

export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
