// Takes batches to the leaders of their partitions: per broker some requests under way at a time, in each the next batch of every partition it leads.
//
// Invariants: whatever is under way or waits has an outcome by its deadline. Nothing is sent in the turn of the event loop in which it was put in, so that
// all of a turn goes together; a batch that is not full waits no longer than lingerMs, and not at all while nothing is on its way to its broker.

import type { Timer } from '@moldau/io';
import type { ProduceResponse } from '@moldau/protocol';
import type { Cluster } from '../cluster/cluster.ts';
import { KafkaError, TimeoutError } from '../errors/kafka-error.ts';
import type { BrokerConnection } from '../network/broker-connection.ts';
import { type Batch, WORTHWHILE_BYTES } from './batch.ts';
import type { BufferRoom } from './buffer-room.ts';
import type { Outcomes } from './outcomes.ts';
import type { PartitionQueue } from './partition-queue.ts';
import { answersOf, type ProduceCall, produceCall, type Shipment } from './produce-call.ts';
import type { ProducerIdentity } from './producer-identity.ts';
import type { ProducerSettings } from './producer-options.ts';

/** The way to one broker. */
interface Lane {
  readonly brokerId: number;
  /** Requests whose answers have not come. */
  inFlight: number;
  isConnecting: boolean;
  /** The broker wants nothing before (KIP-219). */
  resumeMs: number;
  /** Where to begin looking for batches, so that all partitions have their turn. */
  turn: number;
}

/** Requests are filled up to here. */
const FILL_BYTES = 1024 * 1024;

export interface SenderOptions {
  readonly cluster: Cluster;
  readonly settings: ProducerSettings;
  readonly identity: ProducerIdentity;
  readonly room: BufferRoom;
  readonly outcomes: Outcomes;
  /** A turn of the event loop is over. */
  onTurn(): void;
}

export class Sender {
  readonly #options: SenderOptions;
  /** Those that have batches. */
  readonly #active = new Set<PartitionQueue>();
  readonly #lanes = new Map<number, Lane>();
  #isScheduled = false;
  #isPreparing = false;
  #isClosed = false;
  #flushCount = 0;
  #heldBackBytes = 0;
  #timer: Timer | undefined;
  #timerMs = Number.POSITIVE_INFINITY;
  /** While draining: when to look again. */
  #nextMs = Number.POSITIVE_INFINITY;

  constructor(options: SenderOptions) {
    this.#options = options;
  }

  /** What cannot be sent whatever others do: its partition has no leader, is to be tried again later, or its broker is being connected to. */
  get heldBackBytes(): number {
    return this.#heldBackBytes;
  }

  /** There is something new in a partition. */
  add(queue: PartitionQueue): void {
    this.#active.add(queue);
    this.schedule();
  }

  /** Looks for what can be sent, at the end of this turn. */
  schedule(): void {
    if (this.#isScheduled || this.#isClosed) return;
    this.#isScheduled = true;
    this.#options.cluster.ports.timers.soon(this.#turn);
  }

  /** Nothing lingers while somebody wants all of it sent. Returns how to end that. */
  hurry(): () => void {
    this.#flushCount++;
    this.schedule();
    return () => void this.#flushCount--;
  }

  /** All batches that have no outcome. */
  *unsettled(): Generator<Batch> {
    for (const { waiting, inFlight } of this.#active) {
      for (const batch of inFlight) if (!batch.isSettled) yield batch;
      yield* waiting;
    }
    yield* this.#options.outcomes.ending;
  }

  /** Fails what no broker can have got. */
  discardUnsent(error: KafkaError): void {
    for (const queue of this.#active)
      for (const batch of queue.waiting.filter((each) => each.baseSequence < 0 && each.attempts === 0))
        this.#options.outcomes.failWaiting(queue, batch, error);
  }

  /** Fails all that there is, and sends nothing more. */
  close(error: KafkaError): void {
    this.#isClosed = true;
    this.#timer?.cancel();
    for (const queue of this.#active) {
      for (const batch of [...queue.waiting]) this.#options.outcomes.failWaiting(queue, batch, error);
      for (const batch of [...queue.inFlight]) this.#options.outcomes.abandon(queue, batch, error);
    }
    this.#active.clear();
    this.#options.outcomes.close(error);
  }

  readonly #turn = (): void => {
    this.#isScheduled = false;
    if (this.#isClosed) return;
    this.#drain();
    this.#options.onTurn();
  };

  #drain(): void {
    const { cluster, identity } = this.#options;
    const nowMs = cluster.ports.clock.monotonicMs();
    this.#nextMs = Number.POSITIVE_INFINITY;
    this.#heldBackBytes = 0;
    const byLeader = new Map<number, PartitionQueue[]>();
    for (const queue of this.#active) {
      this.#expire(queue, nowMs);
      if (queue.isEmpty) this.#active.delete(queue);
      else if (queue.isInOrder && !queue.isEnrolling) this.#sort(queue, nowMs, byLeader);
    }
    if (byLeader.size > 0) {
      if (identity.isReady) for (const [brokerId, queues] of byLeader) this.#fill(brokerId, queues, nowMs);
      else void this.#prepare();
    }
    this.#wake(nowMs);
  }

  #sort(queue: PartitionQueue, nowMs: number, byLeader: Map<number, PartitionQueue[]>): void {
    if (queue.resumeMs > nowMs) {
      this.#heldBackBytes += queue.waitingBytes;
      this.#lookAgain(queue.resumeMs);
      return;
    }
    const leader = this.#options.cluster.metadata.leader(queue.topic, queue.index);
    queue.isAvailable = leader !== undefined;
    if (leader === undefined) {
      this.#heldBackBytes += queue.waitingBytes;
      this.#options.outcomes.leaderMissing(queue);
      this.#lookAgain(queue.resumeMs);
      return;
    }
    const group = byLeader.get(leader.id);
    if (group === undefined) byLeader.set(leader.id, [queue]);
    else group.push(queue);
  }

  #fill(brokerId: number, queues: readonly PartitionQueue[], nowMs: number): void {
    const { cluster, settings } = this.#options;
    const lane = this.#laneOf(brokerId);
    if (lane.resumeMs > nowMs) {
      this.#lookAgain(lane.resumeMs);
      return;
    }
    const connection = lane.isConnecting ? undefined : cluster.connected(brokerId, 'produce');
    if (connection === undefined) {
      for (const { waitingBytes } of queues) this.#heldBackBytes += waitingBytes;
      if (!lane.isConnecting) void this.#connect(lane, queues);
      return;
    }
    while (lane.inFlight < settings.maxInFlight) {
      const shipments = this.#load(lane, queues, nowMs);
      if (shipments.length === 0) return;
      void this.#ship(lane, connection, shipments);
    }
  }

  /** The next batch of each partition, up to the size of a request. */
  #load(lane: Lane, queues: readonly PartitionQueue[], nowMs: number): Shipment[] {
    const { settings, identity, outcomes, room } = this.#options;
    const limitBytes = Math.min(FILL_BYTES, settings.maxRequestBytes);
    const isIdle = lane.inFlight === 0;
    const shipments: Shipment[] = [];
    let sizeBytes = 0;
    for (let step = 0; step < queues.length; step++) {
      const queue = queues[(lane.turn + step) % queues.length]!;
      if (!this.#isDue(queue, isIdle, nowMs)) continue;
      if (queue.needsNewEpoch && !this.#renew(queue)) continue;
      if (this.#enrols(queue)) continue;
      const head = queue.waiting[0]!;
      outcomes.seal(queue, head);
      if (shipments.length > 0 && sizeBytes + head.sizeBytes > limitBytes) {
        lane.turn = (lane.turn + step) % queues.length;
        break;
      }
      sizeBytes += head.sizeBytes;
      room.depart(head.memoryBytes);
      shipments.push({ queue, batch: queue.depart(identity) });
    }
    return shipments;
  }

  #isDue(queue: PartitionQueue, isIdle: boolean, nowMs: number): boolean {
    const [head] = queue.waiting;
    if (head === undefined || !queue.isInOrder || queue.isEnrolling) return false;
    if (head !== queue.open || head.sizeBytes >= WORTHWHILE_BYTES) return true;
    if (isIdle || this.#flushCount > 0 || this.#options.room.isWanted) return true;
    const dueMs = head.createdMs + this.#options.settings.lingerMs;
    if (dueMs <= nowMs) return true;
    this.#lookAgain(dueMs);
    return false;
  }

  /** False when the partition has to wait, or its batch has failed. */
  #renew(queue: PartitionQueue): boolean {
    const { identity, outcomes } = this.#options;
    if (queue.renew(identity)) {
      if (!identity.isReady) this.schedule();
      return identity.isReady;
    }
    queue.needsNewEpoch = false;
    const [head] = queue.waiting;
    outcomes.failWaiting(queue, head!, head!.lastError!);
    this.schedule();
    return false;
  }

  #enrols(queue: PartitionQueue): boolean {
    const enrolment = this.#options.identity.enrol(queue.topic, queue.index);
    if (enrolment === undefined) return false;
    queue.isEnrolling = true;
    const done = (): void => {
      queue.isEnrolling = false;
      this.schedule();
    };
    enrolment.then(done, (error: unknown) => {
      this.#options.outcomes.failAllWaiting(queue, asKafkaError(error));
      done();
    });
    return true;
  }

  async #connect(lane: Lane, queues: readonly PartitionQueue[]): Promise<void> {
    const { cluster, settings, outcomes } = this.#options;
    lane.isConnecting = true;
    try {
      const { requestTimeoutMs } = settings;
      await cluster.connect({ brokerId: lane.brokerId }, 'produce', { timeoutMs: requestTimeoutMs });
    } catch (error) {
      if (!this.#isClosed) outcomes.unreachable(queues, asKafkaError(error));
    } finally {
      lane.isConnecting = false;
      this.schedule();
    }
  }

  async #ship(lane: Lane, connection: BrokerConnection, shipments: readonly Shipment[]): Promise<void> {
    const { cluster, settings, identity, outcomes } = this.#options;
    lane.inFlight++;
    try {
      const call = produceCall(connection, cluster.metadata, identity, settings, shipments);
      if (settings.acks === 0) {
        await connection.post(call.api, call.version, call.input);
        for (const shipment of shipments) outcomes.posted(shipment);
      } else {
        const { requestTimeoutMs: timeoutMs } = settings;
        const answer = await connection.request(call.api, call.version, call.input, { timeoutMs });
        if (!this.#isClosed) this.#answered(lane, call, answer, shipments);
      }
    } catch (error) {
      if (!this.#isClosed) outcomes.lost(shipments, asKafkaError(error));
    } finally {
      lane.inFlight--;
      this.schedule();
    }
  }

  #answered(lane: Lane, call: ProduceCall, answer: ProduceResponse, shipments: readonly Shipment[]): void {
    const { cluster, outcomes } = this.#options;
    if (answer.throttleTimeMs > 0) lane.resumeMs = cluster.ports.clock.monotonicMs() + answer.throttleTimeMs;
    for (const [shipment, said] of answersOf(call, answer, shipments))
      outcomes.answered(shipment, said, answer.nodeEndpoints);
  }

  async #prepare(): Promise<void> {
    const { cluster, identity, settings, outcomes } = this.#options;
    if (this.#isPreparing) return;
    this.#isPreparing = true;
    try {
      const deadlineMs = cluster.ports.clock.monotonicMs() + settings.deliveryTimeoutMs;
      await identity.ready({ deadlineMs, signal: cluster.closing });
    } catch (error) {
      const reason = asKafkaError(error);
      if (!this.#isClosed)
        for (const queue of this.#active) {
          if (reason.retriable) outcomes.holdBack(queue, reason);
          else outcomes.failAllWaiting(queue, reason);
        }
    } finally {
      this.#isPreparing = false;
      this.schedule();
    }
  }

  #expire(queue: PartitionQueue, nowMs: number): void {
    const { outcomes } = this.#options;
    while (queue.waiting.length > 0 && queue.waiting[0]!.deadlineMs <= nowMs)
      outcomes.failWaiting(queue, queue.waiting[0]!, this.#late(queue, queue.waiting[0]!));
    for (const batch of queue.inFlight)
      if (batch.deadlineMs <= nowMs && !batch.isSettled)
        outcomes.failInFlight(batch, this.#late(queue, batch));
    const oldest = queue.inFlight.find((batch) => !batch.isSettled) ?? queue.waiting[0];
    if (oldest !== undefined) this.#lookAgain(oldest.deadlineMs);
  }

  #late(queue: PartitionQueue, batch: Batch): TimeoutError {
    const { cluster, settings } = this.#options;
    const { deliveryTimeoutMs } = settings;
    const { topic, partition, attempts, recordCount } = batch;
    const leaderId = cluster.metadata.leader(topic, partition)?.id ?? -1;
    const lastError = batch.lastError ?? queue.problem ?? cluster.problemOf(leaderId, 'produce');
    const tried =
      attempts === 0
        ? 'they could not be sent'
        : `they were sent ${attempts === 1 ? 'once' : `${attempts} times`}`;
    const reason = lastError === undefined ? '' : ` At last: ${lastError.message}`;
    return new TimeoutError(
      `${topic}, partition ${partition}: ${recordCount} records were not acknowledged within the ${deliveryTimeoutMs} ms of deliveryTimeoutMs; ${tried}.${reason}`,
      { topic, partition, cause: lastError },
    );
  }

  #laneOf(brokerId: number): Lane {
    let lane = this.#lanes.get(brokerId);
    if (lane === undefined) {
      lane = { brokerId, inFlight: 0, isConnecting: false, resumeMs: 0, turn: 0 };
      this.#lanes.set(brokerId, lane);
    }
    return lane;
  }

  #lookAgain(atMs: number): void {
    if (atMs < this.#nextMs) this.#nextMs = atMs;
  }

  #wake(nowMs: number): void {
    // A timer that is early only looks, and sets the next.
    if (this.#nextMs >= this.#timerMs && this.#nextMs < Number.POSITIVE_INFINITY) return;
    this.#timer?.cancel();
    this.#timerMs = this.#nextMs;
    if (this.#nextMs === Number.POSITIVE_INFINITY) return;
    this.#timer = this.#options.cluster.ports.timers.after(this.#nextMs - nowMs, () => {
      this.#timerMs = Number.POSITIVE_INFINITY;
      this.#turn();
    });
  }
}

function asKafkaError(error: unknown): KafkaError {
  if (error instanceof KafkaError) return error;
  const message = error instanceof Error ? error.message : String(error);
  return new KafkaError('UNKNOWN_SERVER_ERROR', message, { cause: error });
}
