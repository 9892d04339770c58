// What the requests of one share session say: its epoch, and which partitions are to be added to what the broker remembers, or taken from it.
//
// Invariants: what the broker is thought to remember is what it was told in requests that succeeded, in order. An epoch of 0 begins anew.

import type { Uuid } from '@moldau/protocol';
import type { AcknowledgementBatch, AcknowledgementRound, SharePlace } from './acknowledgements.ts';

const MAX_EPOCH = 0x7fffffff;
/** Ends the session. */
export const FINAL_EPOCH = -1;

interface RequestedPartition {
  readonly partitionIndex: number;
  readonly acknowledgementBatches: AcknowledgementBatch[];
}

export class SessionRequests {
  #epoch = 0;
  #wanted: ReadonlyMap<string, SharePlace> = new Map();
  #remembered: ReadonlyMap<string, SharePlace> = new Map();
  /** What it remembers after the request under way. */
  #told: ReadonlyMap<string, SharePlace> = new Map();

  get epoch(): number {
    return this.#epoch;
  }

  /** The broker knows of the session. */
  get isOpen(): boolean {
    return this.#epoch > 0;
  }

  get wantsNothing(): boolean {
    return this.#wanted.size === 0;
  }

  want(places: readonly SharePlace[]): void {
    this.#wanted = new Map(places.map((place) => [place.key, place]));
  }

  /** Parts of a ShareFetch, with all partitions that its answer may be about. A partition that is acknowledged counts as one to be fetched, unless it is forgotten. */
  fetch(round: AcknowledgementRound) {
    const batches = round.batches();
    const acknowledged = round.places.filter(({ key }) => batches.has(key));
    const isNew = ({ key }: SharePlace): boolean => !this.#remembered.has(key);
    const isUnwanted = ({ key }: SharePlace): boolean => !this.#wanted.has(key);
    const forgotten = byKey([...this.#remembered.values(), ...acknowledged].filter(isUnwanted));
    this.#told = this.#wanted;
    return {
      places: byKey([...this.#wanted.values(), ...this.#remembered.values(), ...acknowledged]),
      topics: topicsOf(
        [...byKey([...this.#wanted.values()].filter(isNew).concat(acknowledged)).values()],
        batches,
      ),
      forgottenTopicsData: this.isOpen
        ? Array.from(byTopicId([...forgotten.values()]), ([topicId, places]) => ({
            topicId,
            partitions: places.map(({ partition }) => partition),
          }))
        : [],
    };
  }

  /** Parts of a ShareAcknowledge. */
  acknowledge(round: AcknowledgementRound) {
    const batches = round.batches();
    const places = byKey(round.places.filter(({ key }) => batches.has(key)));
    this.#told = this.#remembered;
    return { places, topics: topicsOf([...places.values()], batches) };
  }

  succeeded(): void {
    this.#remembered = this.#told;
    this.#epoch = this.#epoch === MAX_EPOCH ? 1 : this.#epoch + 1;
  }

  /** The broker may remember anything: begin anew. */
  failed(): void {
    this.#remembered = new Map();
    this.#epoch = 0;
  }
}

function byKey(places: readonly SharePlace[]): Map<string, SharePlace> {
  return new Map(places.map((place) => [place.key, place]));
}

function byTopicId(places: readonly SharePlace[]): Map<Uuid, SharePlace[]> {
  return Map.groupBy(places, ({ topicId }) => topicId);
}

function topicsOf(
  places: readonly SharePlace[],
  batches: ReadonlyMap<string, AcknowledgementBatch[]>,
): { topicId: Uuid; partitions: RequestedPartition[] }[] {
  return Array.from(byTopicId(places), ([topicId, group]) => ({
    topicId,
    partitions: group.map(({ partition, key }) => ({
      partitionIndex: partition,
      acknowledgementBatches: batches.get(key) ?? [],
    })),
  }));
}
