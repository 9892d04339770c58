// Commits what is done: every so often, and when somebody asks for it. One commit at a time, so that none overtakes a newer one.

import type { Logger, Timer, Timers } from '@moldau/io';
import type { CallOptions } from '../../cluster/cluster.ts';
import { ClosedError, KafkaError, PartialFailureError } from '../../errors/kafka-error.ts';
import type { PartitionSession } from '../assignment/partition-session.ts';
import type { RecordFetcher } from '../fetching/types.ts';
import type { CommitOffset, OffsetStore } from '../groups/types.ts';

export interface CommitterParts {
  /** Undefined: there is no group, and nothing is committed. */
  readonly offsets: OffsetStore | undefined;
  readonly fetcher: Pick<RecordFetcher, 'position'>;
  readonly timers: Timers;
  readonly logger: Logger;
}

export class Committer {
  readonly #parts: CommitterParts;
  #timer: Timer | undefined;
  /** Gives up the commit that came of the timer. */
  #regular: AbortController | undefined;
  #last: Promise<unknown> = Promise.resolve();
  /** The broker takes less metadata than others: what is done beyond is not told any more. */
  #isPlain = false;

  constructor(parts: CommitterParts) {
    this.#parts = parts;
  }

  /** Commits what is done every so often, until stop(). */
  start(intervalMs: number, sessions: () => Iterable<PartitionSession>): void {
    if (this.#timer !== undefined || this.#parts.offsets === undefined) return;
    const again = (): void => {
      this.#timer = this.#parts.timers.after(intervalMs, () => {
        this.#regular = new AbortController();
        void this.commitDoneOrLog(sessions(), { signal: this.#regular.signal }).then(() => {
          if (this.#timer !== undefined) again();
        });
      });
    };
    again();
  }

  stop(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  /** For those who wait until they may end: a commit of the timer that waits for its answer says nothing that this one does not. */
  async commitLast(sessions: Iterable<PartitionSession>, timeoutMs: number): Promise<void> {
    this.#regular?.abort();
    await this.#commitOrLog(
      sessions,
      { timeoutMs },
      'the last offsets are not committed, and what was read since the last commit comes again',
    );
  }

  /** What is done and not committed yet. */
  async commitDone(sessions: Iterable<PartitionSession>, options: CallOptions = {}): Promise<void> {
    const { offsets, fetcher } = this.#parts;
    if (offsets === undefined) return;
    await this.#inTurn(async () => {
      const due: { session: PartitionSession; offset: CommitOffset & { metadata: string } }[] = [];
      for (const session of sessions) {
        const { topic, partition, committed, isEnded } = session;
        if (isEnded) continue;
        const done = session.done(fetcher.position(session));
        if (done === undefined) continue;
        const { offset, leaderEpoch } = done;
        const metadata = this.#isPlain ? '' : done.metadata;
        if (offset === committed?.offset && metadata === committed.metadata) continue;
        due.push({ session, offset: { topic, partition, offset, leaderEpoch, metadata } });
      }
      if (due.length === 0) return;
      await this.#commit(
        due.map(({ offset }) => offset),
        options,
      );
      for (const { session, offset } of due) session.committed = offset;
    });
  }

  /** As they are given. */
  async commit(offsets: readonly CommitOffset[], options: CallOptions = {}): Promise<void> {
    if (offsets.length > 0) await this.#inTurn(() => this.#parts.offsets!.commit(offsets, options));
  }

  /** What fails is tried again with the next commit. */
  commitDoneOrLog(sessions: Iterable<PartitionSession>, options: CallOptions = {}): Promise<void> {
    return this.#commitOrLog(
      sessions,
      options,
      'offsets are not committed, and will be with the next commit',
    );
  }

  async #commitOrLog(
    sessions: Iterable<PartitionSession>,
    options: CallOptions,
    outcome: string,
  ): Promise<void> {
    try {
      await this.commitDone(sessions, options);
    } catch (error) {
      if (options.signal?.aborted === true) return;
      const { logger } = this.#parts;
      const errors = error instanceof PartialFailureError ? error.errors : [error];
      for (const each of errors) {
        const { topic, partition } = each instanceof KafkaError ? each : {};
        logger.warn({ topic, partition }, `${outcome}: ${reasonOf(each)}`);
      }
    }
  }

  async #commit(due: readonly CommitOffset[], options: CallOptions): Promise<void> {
    const { offsets, logger } = this.#parts;
    try {
      await offsets!.commit(due, options);
    } catch (error) {
      const errors = error instanceof PartialFailureError ? error.errors : [error];
      const isTooLarge = errors.some((each) => (each as KafkaError).code === 'OFFSET_METADATA_TOO_LARGE');
      if (this.#isPlain || !isTooLarge) throw error;
      this.#isPlain = true;
      logger.warn(
        {},
        "the broker's offset.metadata.max.bytes has no room for what is done beyond committed offsets: after a restart that is repeated",
      );
      await offsets!.commit(
        due.map((offset) => ({ ...offset, metadata: '' })),
        options,
      );
    }
  }

  #inTurn(commit: () => Promise<void>): Promise<void> {
    const turn = this.#last.then(commit);
    this.#last = turn.catch(() => {});
    return turn;
  }
}

function reasonOf(error: unknown): string {
  // Whoever closes the client knows that it is closed.
  if (error instanceof ClosedError) return 'no broker has answered in time';
  return error instanceof Error ? error.message : String(error);
}
