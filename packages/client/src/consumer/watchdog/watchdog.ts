// Looks whether the consumer gets on. A handler that holds a record for long is reported; records that are there and do not come, while the application
// waits for them, are reported and something is done about it: first the partition is fetched anew, by a new connection and fresh metadata, and when that
// did not help the group is joined again.
//
// Invariant: whether there are records is asked of the brokers, apart from fetching: what fetching knows may be what is wrong.

import type { Clock, Logger, Timer, Timers } from '@moldau/io';
import type { TopicPartition } from '../../cluster/ask-leaders.ts';
import type { PartitionSession } from '../assignment/partition-session.ts';
import type { Consumption } from '../consumption.ts';
import type { RecordFetcher } from '../fetching/types.ts';
import type { ConsumerRecord } from '../records/consumer-record.ts';

export interface StallReport extends TopicPartition {
  /** handler: the application has had a record for long; fetch: records are there, and do not come; position: nobody says where to begin. */
  readonly kind: 'handler' | 'fetch' | 'position';
  /** Of the record in the handler, or the next one to come; undefined: not known. */
  readonly offset: number | undefined;
  readonly forMs: number;
  /** Records that are there and did not come. */
  readonly lag: number | undefined;
  /** What is done about it. */
  readonly action: 'none' | 'refetch' | 'rejoin';
}

export interface WatchdogParts {
  readonly ports: { readonly clock: Clock; readonly timers: Timers; readonly logger: Logger };
  readonly stallTimeoutMs: number;
  readonly fetcher: Pick<RecordFetcher, 'position' | 'assign' | 'unassign'>;
  readonly sessions: () => Iterable<PartitionSession>;
  readonly consumption: () => Consumption | undefined;
  /** The application waits for records. */
  readonly isAwaited: () => boolean;
  /** Where partitions end. */
  readonly ends: (partitions: readonly TopicPartition[], timeoutMs: number) => Promise<readonly number[]>;
  /** Makes a new connection and fresh metadata be used for them. */
  readonly reconnect: (partitions: readonly TopicPartition[]) => void;
  /** Undefined: it is no member of a group. */
  readonly rejoin: () => ((reason: string) => void) | undefined;
  readonly onStall: ((report: StallReport) => void) | undefined;
}

interface Watched {
  offset: number | undefined;
  sinceMs: number;
  /** Asked or healed: next time after as long again. */
  checkedMs: number;
  heals: number;
}

type Watching = Map<PartitionSession, Watched>;
type Held = Map<ConsumerRecord<unknown, unknown>, { readonly sinceMs: number; isReported: boolean }>;

export class Watchdog {
  readonly #parts: WatchdogParts;
  #timer: Timer | undefined;
  #watched: Watching = new Map();
  #held: Held = new Map();
  #isChecking = false;

  constructor(parts: WatchdogParts) {
    this.#parts = parts;
  }

  start(): void {
    const { ports, stallTimeoutMs } = this.#parts;
    if (this.#timer !== undefined || stallTimeoutMs === 0) return;
    const again = (): void => {
      this.#timer = ports.timers.after(stallTimeoutMs / 4, () => {
        again();
        void this.check();
      });
    };
    again();
  }

  stop(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  /** Looks once. Never rejects. */
  async check(): Promise<void> {
    if (this.#isChecking) return;
    this.#isChecking = true;
    try {
      this.#checkHandlers();
      await this.#checkPartitions();
    } catch (error) {
      // Brokers that cannot be asked are told of elsewhere.
      this.#parts.ports.logger.debug({ error }, 'whether records are there could not be asked');
    } finally {
      this.#isChecking = false;
    }
  }

  #checkHandlers(): void {
    const { ports, stallTimeoutMs, consumption } = this.#parts;
    const nowMs = ports.clock.monotonicMs();
    const held: Held = new Map();
    for (const record of consumption()?.inHands() ?? []) {
      const known = this.#held.get(record) ?? { sinceMs: nowMs, isReported: false };
      held.set(record, known);
      const forMs = nowMs - known.sinceMs;
      if (known.isReported || forMs < stallTimeoutMs) continue;
      known.isReported = true;
      const { topic, partition, offset } = record;
      this.#report({ kind: 'handler', topic, partition, offset, forMs, lag: undefined, action: 'none' });
    }
    this.#held = held;
  }

  async #checkPartitions(): Promise<void> {
    const { ports, stallTimeoutMs, fetcher, ends, isAwaited } = this.#parts;
    const nowMs = ports.clock.monotonicMs();
    const stuck = this.#stuck(nowMs);
    if (!isAwaited()) {
      // Nobody asks: the time begins when somebody does.
      for (const watched of this.#watched.values()) watched.sinceMs = nowMs;
      return;
    }
    const lost = stuck.filter(([session]) => fetcher.position(session) === undefined);
    if (lost.length > 0) this.#heal(lost.map(([session, watched]) => ({ session, watched, lag: undefined })));
    const quiet = stuck.filter(([session]) => fetcher.position(session) !== undefined);
    if (quiet.length === 0) return;
    for (const [, watched] of quiet) watched.checkedMs = nowMs;
    const found = await ends(
      quiet.map(([session]) => session),
      stallTimeoutMs,
    );
    const lagging = quiet.flatMap(([session, watched], index) => {
      const offset = fetcher.position(session)?.offset;
      const lag = found[index]! - (watched.offset ?? 0);
      return session.isOpen && offset === watched.offset && lag > 0 ? [{ session, watched, lag }] : [];
    });
    if (lagging.length > 0) this.#heal(lagging);
  }

  /** Where nothing has moved for so long. */
  #stuck(nowMs: number): [PartitionSession, Watched][] {
    const { fetcher, sessions, stallTimeoutMs } = this.#parts;
    const watched: Watching = new Map();
    for (const session of sessions()) {
      if (!session.isOpen || session.isPaused || session.isHeld) continue;
      const offset = fetcher.position(session)?.offset;
      const known = this.#watched.get(session);
      const isSame = known !== undefined && known.offset === offset;
      watched.set(session, isSame ? known : { offset, sinceMs: nowMs, checkedMs: nowMs, heals: 0 });
    }
    this.#watched = watched;
    return [...watched].filter(
      ([, { sinceMs, checkedMs }]) => nowMs - Math.max(sinceMs, checkedMs) >= stallTimeoutMs,
    );
  }

  #heal(stalled: readonly { session: PartitionSession; watched: Watched; lag: number | undefined }[]): void {
    const { ports, fetcher, reconnect } = this.#parts;
    const rejoin = this.#parts.rejoin();
    const nowMs = ports.clock.monotonicMs();
    const isInVain = stalled.some(({ watched }) => watched.heals > 0);
    const action = isInVain && rejoin !== undefined ? 'rejoin' : 'refetch';
    for (const { session, watched, lag } of stalled) {
      watched.heals++;
      watched.checkedMs = nowMs;
      const { topic, partition } = session;
      const kind = lag === undefined ? 'position' : 'fetch';
      this.#report({
        kind,
        topic,
        partition,
        offset: watched.offset,
        forMs: nowMs - watched.sinceMs,
        lag,
        action,
      });
    }
    const sessions = stalled.map(({ session }) => session);
    reconnect(sessions);
    for (const session of sessions) {
      const position = fetcher.position(session);
      if (position === undefined) continue;
      fetcher.unassign([session]);
      fetcher.assign([{ topic: session.topic, partition: session.partition, position }]);
    }
    if (action === 'rejoin') rejoin?.('records are there and do not come');
  }

  #report(report: StallReport): void {
    const { ports, onStall } = this.#parts;
    ports.logger.warn({ ...report }, explain(report));
    try {
      onStall?.(report);
    } catch (error) {
      ports.logger.warn({ error }, `onStall failed: ${String(error)}`);
    }
  }
}

function explain({ kind, topic, partition, offset, forMs, lag, action }: StallReport): string {
  const seconds = Math.round(forMs / 1000);
  const where = `${topic}, partition ${partition}`;
  if (kind === 'handler')
    return `${where}, offset ${offset}: the handler has had this record for ${seconds} s. It keeps its partition; what follows in order waits for it.`;
  const remedy = action === 'rejoin' ? 'joining the group again' : 'fetching it anew by a new connection';
  if (kind === 'position')
    return `${where}: for ${seconds} s it has not been known where to begin; ${remedy}.`;
  return `${where}: nothing has come for ${seconds} s, and ${lag} records are there from offset ${offset} on; ${remedy}.`;
}
