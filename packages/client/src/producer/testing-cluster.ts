// Brokers of a simulation: they keep logs and what Kafka's brokers remember of producers, and they fail by a seed: connections end before or after a
// batch is written, answers are late or lost, requests are carried out long after everybody has given them up, leaders move.

import {
  batches,
  ErrorCode,
  initProducerIdRequest,
  type ProduceRequest,
  produceRequest,
  type RecordBatch,
} from '@moldau/protocol';
import {
  type ClientWorld,
  type MemoryConnection,
  metadataOf,
  ScriptedBroker,
} from '../network/testing-network.ts';

export const TOPIC = 'events';
const TOPIC_ID = 'AAAAAAAAAAAAAAAAAAAAAQ';
const REMEMBERED_BATCHES = 5;

interface Written {
  readonly first: number;
  readonly last: number;
  readonly offset: number;
}

interface ProducerState {
  epoch: number;
  batches: Written[];
}

export class SimulatedPartition {
  readonly values: string[] = [];
  readonly producers = new Map<number, ProducerState>();
  leader: number;
  epoch = 1;

  constructor(leader: number) {
    this.leader = leader;
  }

  /** As Kafka does: a producer that is not known may begin with any sequence. */
  append(batch: RecordBatch): { errorCode: number; baseOffset: number } {
    const { producerId: id, producerEpoch: epoch, baseSequence: first, lastSequence: last } = batch;
    if (id < 0) return { errorCode: 0, baseOffset: this.#write(batch) };
    const known = this.producers.get(id);
    const refused = (errorCode: number) => ({ errorCode, baseOffset: -1 });
    if (known !== undefined && epoch < known.epoch) return refused(ErrorCode.INVALID_PRODUCER_EPOCH);
    if (known?.epoch === epoch) {
      const same = known.batches.find((written) => written.first === first && written.last === last);
      if (same !== undefined) return { errorCode: 0, baseOffset: same.offset };
      if (first !== (known.batches.at(-1)!.last + 1) % 0x8000_0000)
        return refused(ErrorCode.OUT_OF_ORDER_SEQUENCE_NUMBER);
    } else if (known !== undefined && first !== 0) return refused(ErrorCode.OUT_OF_ORDER_SEQUENCE_NUMBER);
    const state = known?.epoch === epoch ? known : { epoch, batches: [] };
    const offset = this.#write(batch);
    state.batches = [...state.batches, { first, last, offset }].slice(-REMEMBERED_BATCHES);
    this.producers.set(id, state);
    return { errorCode: 0, baseOffset: offset };
  }

  #write(batch: RecordBatch): number {
    if (!batch.isCrcValid()) throw new Error('a damaged batch');
    const offset = this.values.length;
    for (const { value } of batch.records()) this.values.push(String(value));
    return offset;
  }
}

export interface Faults {
  /** Of any request: the chance that something goes wrong with it. */
  readonly chance: number;
  /** Longest of what happens late. */
  readonly lateMs: number;
  /** Larger batches are refused. */
  readonly maxBatchBytes: number;
}

export class SimulatedCluster {
  readonly partitions: SimulatedPartition[];
  readonly requests = { produce: 0, faults: 0 };
  faults: Faults;
  readonly #world: ClientWorld;
  readonly #addresses: string[];

  constructor(world: ClientWorld, counts: { brokers: number; partitions: number }, faults: Faults) {
    this.#world = world;
    this.faults = faults;
    this.#addresses = Array.from({ length: counts.brokers }, (_, index) => `broker-${index + 1}:9092`);
    this.partitions = Array.from(
      { length: counts.partitions },
      (_, index) => new SimulatedPartition(1 + (index % counts.brokers)),
    );
    let producerIds = 100;
    for (const [index, address] of this.#addresses.entries()) {
      const broker = new ScriptedBroker(() => this.#metadata());
      broker.serve(initProducerIdRequest.apiKey, [0, 5], () => ({
        ...{ throttleTimeMs: 0, errorCode: world.random.chance(faults.chance) ? 14 : 0 },
        ...{ producerId: producerIds++, producerEpoch: 0 },
      }));
      broker.serve(produceRequest.apiKey, [3, 13], (request, version, connection) =>
        this.#produce(index + 1, request as ProduceRequest, version, connection),
      );
      world.network.place(address, broker);
    }
  }

  get bootstrap(): string {
    return this.#addresses[0]!;
  }

  #metadata() {
    const leaders = this.partitions.map(({ leader }) => leader);
    const answer = metadataOf(this.#addresses, [{ name: TOPIC, leaders, id: TOPIC_ID }]);
    const partitions = answer.topics[0]!.partitions.map((partition, index) => ({
      ...partition,
      leaderEpoch: this.partitions[index]!.epoch,
    }));
    return { ...answer, topics: [{ ...answer.topics[0]!, partitions }] };
  }

  async #produce(
    brokerId: number,
    request: ProduceRequest,
    version: number,
    connection: MemoryConnection,
  ): Promise<unknown> {
    const { random, time } = this.#world;
    this.requests.produce++;
    const answer = (refusal = 0) => ({
      responses: request.topicData.map(({ name, topicId, partitionData }) => ({
        ...{ name, topicId },
        partitionResponses: partitionData.map(({ index, records }) =>
          this.#answerOf(brokerId, index, records as Buffer, refusal, version),
        ),
      })),
      throttleTimeMs: random.chance(0.02) ? 30 : 0,
      nodeEndpoints: this.#addresses.map((address, index) => ({
        ...{ nodeId: index + 1, host: address.split(':')[0]!, port: 9092, rack: null },
      })),
    });
    const later = (delayMs: number) => new Promise<void>((resolve) => time.after(delayMs, resolve));
    if (!random.chance(this.faults.chance)) return answer();
    this.requests.faults++;
    const lateMs = random.below(this.faults.lateMs) + 1;
    switch (random.below(7)) {
      case 0:
        connection.destroy();
        return undefined;
      case 1:
        answer();
        connection.destroy();
        return undefined;
      case 2:
        await later(lateMs);
        return answer();
      case 3:
        // Carried out when nobody waits for it any more.
        void later(lateMs * 3).then(() => answer());
        connection.destroy();
        return undefined;
      case 4:
        return answer(ErrorCode.NOT_ENOUGH_REPLICAS);
      case 5:
        this.#moveLeader();
        return answer();
      default:
        answer();
        return answer(ErrorCode.REQUEST_TIMED_OUT);
    }
  }

  #moveLeader(): void {
    const { random } = this.#world;
    const partition = this.partitions[random.below(this.partitions.length)]!;
    partition.leader = 1 + random.below(this.#addresses.length);
    partition.epoch++;
  }

  #answerOf(brokerId: number, index: number, records: Buffer, refusal: number, version: number) {
    const partition = this.partitions[index]!;
    const base = { index, baseOffset: -1, logAppendTimeMs: -1, logStartOffset: 0 };
    if (refusal !== 0) return { ...base, errorCode: refusal };
    if (partition.leader !== brokerId) {
      const currentLeader = { leaderId: partition.leader, leaderEpoch: partition.epoch };
      const tells = version >= 10 && this.#world.random.chance(0.5);
      return { ...base, errorCode: ErrorCode.NOT_LEADER_OR_FOLLOWER, ...(tells ? { currentLeader } : {}) };
    }
    const [batch] = batches(records);
    if (records.length > this.faults.maxBatchBytes)
      return { ...base, errorCode: ErrorCode.MESSAGE_TOO_LARGE };
    return { ...base, ...partition.append(batch!) };
  }
}
