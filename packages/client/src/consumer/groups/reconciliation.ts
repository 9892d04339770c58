// Brings what a member has to what the group wants it to have: first gives up what is not its own any more, then takes what is new.
//
// Partitions go by topic id, so that a topic that was made anew under its name is another one. Invariants: one change at a time; a wish that comes
// meanwhile is the next. After forget() nothing that was under way changes anything.

import type { Uuid } from '@moldau/protocol';
import type { TopicPartition } from '../../cluster/ask-leaders.ts';
import { pause } from '../../network/waiting.ts';
import type { MemberContext } from './member-protocol.ts';
import { learnTopics } from './topic-ids.ts';

export interface TopicPartitions {
  readonly topicId: Uuid;
  readonly partitions: readonly number[];
}

interface Owned extends TopicPartition {
  readonly topicId: Uuid;
}

/** Between looks for the names of topics that the metadata does not have yet. */
const UNKNOWN_TOPIC_PAUSE_MS = 500;

export class Reconciliation {
  readonly #context: MemberContext;
  readonly #onChange: () => void;
  readonly #owned = new Map<string, Owned>();
  #target: ReadonlyMap<string, Omit<Owned, 'topic'>> = new Map();
  #running: Promise<void> | undefined;
  #abort = new AbortController();

  /** `onChange`: there is something to tell the group. */
  constructor(context: MemberContext, onChange: () => void) {
    this.#context = context;
    this.#onChange = onChange;
  }

  /** What the group is to be told. */
  get owned(): TopicPartitions[] {
    const byId = new Map<Uuid, number[]>();
    for (const { topicId, partition } of this.#owned.values()) {
      const partitions = byId.get(topicId);
      if (partitions === undefined) byId.set(topicId, [partition]);
      else partitions.push(partition);
    }
    return [...byId].map(([topicId, partitions]) => ({ topicId, partitions }));
  }

  get isDone(): boolean {
    return this.#running === undefined;
  }

  aimAt(wanted: readonly TopicPartitions[]): void {
    this.#target = new Map(
      wanted.flatMap(({ topicId, partitions }) =>
        partitions.map((partition) => [`${partition}:${topicId}`, { topicId, partition }]),
      ),
    );
    if (this.#running !== undefined || this.#isReached()) return;
    const running = this.#run(this.#abort.signal).finally(() => {
      // After forget() another one may be under way.
      if (this.#running === running) this.#running = undefined;
      this.#onChange();
    });
    this.#running = running;
  }

  /** The member has nothing any more. */
  forget(): void {
    this.#abort.abort();
    this.#abort = new AbortController();
    this.#running = undefined;
    this.#owned.clear();
    this.#target = new Map();
  }

  #isReached(): boolean {
    return this.#target.size === this.#owned.size && this.#target.keys().every((key) => this.#owned.has(key));
  }

  async #run(signal: AbortSignal): Promise<void> {
    const { setState, settings, assigned, cluster, groupId } = this.#context;
    while (!signal.aborted && !this.#isReached()) {
      setState(this.#owned.size > 0 ? 'rebalancing' : 'joining');
      const given = [...this.#owned].filter(([key]) => !this.#target.has(key));
      if (given.length > 0) {
        await assigned.revoke(
          given.map(([, { topic, partition }]) => ({ topic, partition })),
          settings.maxPollIntervalMs,
        );
        if (signal.aborted) return;
        for (const [key] of given) this.#owned.delete(key);
        // Others wait for them.
        this.#onChange();
        continue;
      }
      const added = await this.#named(signal);
      if (signal.aborted) return;
      if (added.length === 0) {
        cluster.ports.logger.debug({ group: groupId }, 'assigned topics are not in the metadata yet');
        await pause(cluster.ports.timers, UNKNOWN_TOPIC_PAUSE_MS, signal).catch(() => {});
        continue;
      }
      for (const each of added) this.#owned.set(`${each.partition}:${each.topicId}`, each);
      await assigned.add(
        added.map(({ topic, partition }) => ({ topic, partition })),
        settings.maxPollIntervalMs,
      );
    }
  }

  /** What is new, as far as its topics' names are known. */
  async #named(signal: AbortSignal): Promise<Owned[]> {
    const { cluster } = this.#context;
    const added = [...this.#target].filter(([key]) => !this.#owned.has(key)).map(([, wanted]) => wanted);
    try {
      await learnTopics(cluster, [...new Set(added.map(({ topicId }) => topicId))], signal);
    } catch (error) {
      if (!signal.aborted) cluster.ports.logger.debug({ error }, 'assigned topics could not be looked up');
    }
    return added.flatMap(({ topicId, partition }) => {
      const topic = cluster.metadata.topicById(topicId)?.name;
      return topic === undefined ? [] : { topicId, topic, partition };
    });
  }
}
