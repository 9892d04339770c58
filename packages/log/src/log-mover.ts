// Moves logs from one log dir to another while they are read and appended to (KIP-113).
//
// The files are copied, and copied on as long as the log grows; then, for as long as the last bytes take, writes stay queued, the copy gets the
// log's name in its new dir, and the log goes on there. Retention and compaction of this log wait meanwhile. One log is moved at a time.
//
// Invariants: the copy is whole and fsynced before it gets the log's name. From then until the old folder is out of the way there are two of that
// name: the new dir's MOVES_FILE, written before, says which counts. After a crash before that, the copy is thrown away.

import { asideDirectoryName, isLeftover, MOVES_FILE, parseSegmentFileName } from './file-names.ts';
import type { Log } from './log.ts';
import type { LogDir } from './log-dir.ts';
import type { LogEnvironment, LogState } from './log-state.ts';
import { errorText } from './storage-error.ts';
import type { FutureLogDescription } from './types.ts';

const CHUNK_BYTES = 1024 * 1024;
/** What is left may be copied while writes wait. */
const LAST_BYTES = 1024 * 1024;
/** A log that grows faster than it can be copied is stopped at some time. */
const MAX_ROUNDS = 30;

interface Move {
  readonly log: Log;
  readonly target: LogDir;
  isCancelled: boolean;
  copiedBytes: number;
  /** All below is in the copy. */
  copiedOffset: number;
  done: Promise<void>;
}

interface CopiedFile {
  readonly sizeBytes: number;
  readonly modifiedMs: number;
}

class Cancelled extends Error {}

export interface LogMoverEvents {
  /** The log is served from its new dir. */
  moved(log: Log, from: LogDir, to: LogDir): void;
  /** A folder is to be removed in its own time. */
  discard(path: string): void;
}

export class LogMover {
  readonly #environment: LogEnvironment;
  readonly #events: LogMoverEvents;
  readonly #moves = new Map<string, Move>();
  /** What each dir's MOVES_FILE says. */
  readonly #twice = new Map<LogDir, Set<string>>();
  #last: Promise<void> = Promise.resolve();
  #isStopped = false;

  constructor(environment: LogEnvironment, events: LogMoverEvents) {
    this.#environment = environment;
    this.#events = events;
  }

  /** Moves it when those asked for before are done; a move of this log to elsewhere is given up. */
  move(log: Log, target: LogDir): void {
    const { directoryName } = log;
    const before = this.#moves.get(directoryName);
    if (before?.target === target && !before.isCancelled) return;
    void this.cancel(directoryName);
    if (this.#isStopped) return;
    const move: Move = {
      ...{ log, target, isCancelled: false, copiedBytes: 0, copiedOffset: 0 },
      done: Promise.resolve(),
    };
    this.#moves.set(directoryName, move);
    this.#last = this.#last.then(() => this.#run(move));
    move.done = this.#last;
  }

  /** Resolves when the log lies still: where it was, or where it has just arrived. */
  async cancel(directoryName: string): Promise<void> {
    const move = this.#moves.get(directoryName);
    if (move === undefined) return;
    move.isCancelled = true;
    await move.done;
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    for (const move of this.#moves.values()) move.isCancelled = true;
    await this.#last;
  }

  /** The copies that are being made in a dir. */
  futureLogs(dir: LogDir): FutureLogDescription[] {
    return [...this.#moves.values()]
      .filter(({ target, isCancelled }) => target === dir && !isCancelled)
      .map(({ log, copiedBytes, copiedOffset }) => ({
        directoryName: log.directoryName,
        sizeBytes: copiedBytes,
        offsetLag: log.isReady ? Math.max(0, log.logEndOffset - copiedOffset) : 0,
      }));
  }

  async #run(move: Move): Promise<void> {
    const { log, target } = move;
    const { logger } = this.#environment;
    try {
      if (!move.isCancelled) await this.#move(move);
    } catch (error) {
      if (!(error instanceof Cancelled)) {
        const fields = { log: log.directoryName, logDir: target.path, error };
        logger.error(fields, `cannot move ${log.directoryName} to ${target.path}: ${errorText(error)}`);
      }
    } finally {
      if (this.#moves.get(log.directoryName) === move) this.#moves.delete(log.directoryName);
    }
  }

  async #move(move: Move): Promise<void> {
    const { log, target } = move;
    await log.ready();
    const { state } = log.internals!;
    const from = state.dir;
    if (from === undefined || from === target || !state.directoryMade) return;
    await state.reshaping.exclusively(async () => {
      const { disk } = this.#environment;
      const unique = this.#environment.random.bytes(16).toString('hex');
      const future = `${target.path}/${asideDirectoryName(log.directoryName, unique, 'future')}`;
      const destination = `${target.path}/${log.directoryName}`;
      try {
        await disk.makeDirectory(future);
        const copied = new Map<string, CopiedFile>();
        for (let round = 0; round < MAX_ROUNDS; round++)
          if ((await this.#copyChanged(move, state, future, copied)) <= LAST_BYTES) break;
        await this.#goOver(move, state, future, destination, copied);
      } catch (error) {
        if (state.dir !== target) {
          await disk.removeTree(future).catch(() => {});
          await disk.removeTree(destination).catch(() => {});
        }
        throw error;
      }
      await this.#clearAway(from, target, log.directoryName, unique);
    });
  }

  /** The part for which writes wait. */
  async #goOver(
    move: Move,
    state: LogState,
    future: string,
    destination: string,
    copied: Map<string, CopiedFile>,
  ): Promise<void> {
    const { disk, handles } = this.#environment;
    const { log, target } = move;
    const from = state.dir!;
    const goOn = await log.internals!.writer.hold();
    try {
      await state.sealing;
      await state.savingEpochs;
      await this.#copyChanged(move, state, future, copied);
      await disk.syncDirectory(future);
      await this.#noteArrival(target, log.directoryName, true);
      if (this.#isGivenUp(move, state)) throw new Cancelled();
      await disk.rename(future, destination);
      await target.syncEntries();
      state.dir = target;
      const slots = state.segments.flatMap(({ slot }) => slot ?? []);
      for (const segment of state.segments) segment.slot = undefined;
      for (const slot of slots) await handles.close(slot);
      target.takeOver(from, log.directoryName);
      this.#events.moved(log, from, target);
    } finally {
      goOn();
    }
  }

  async #clearAway(from: LogDir, target: LogDir, directoryName: string, unique: string): Promise<void> {
    const { disk } = this.#environment;
    // A power cut from here on finds what the checkpoints of the new dir say.
    await target.saveCheckpoints();
    const aside = `${from.path}/${asideDirectoryName(directoryName, unique, 'delete')}`;
    await disk.rename(`${from.path}/${directoryName}`, aside);
    await from.syncEntries();
    await from.saveCheckpoints();
    await this.#noteArrival(target, directoryName, false);
    this.#events.discard(aside);
  }

  async #noteArrival(target: LogDir, directoryName: string, mayBeTwice: boolean): Promise<void> {
    const names = this.#twice.get(target) ?? new Set<string>();
    this.#twice.set(target, names);
    if (mayBeTwice) names.add(directoryName);
    else names.delete(directoryName);
    await this.#environment.disk.replaceFile(
      `${target.path}/${MOVES_FILE}`,
      Buffer.from([...names].map((name) => `${name}\n`).join('')),
    );
  }

  #isGivenUp(move: Move, state: LogState): boolean {
    return move.isCancelled || state.removed || move.target.offlineReason !== undefined;
  }

  /** Copies what is new or has grown since the last call. Resolves to how many bytes that were. */
  async #copyChanged(
    move: Move,
    state: LogState,
    future: string,
    copied: Map<string, CopiedFile>,
  ): Promise<number> {
    const { disk } = this.#environment;
    const source = state.directory;
    const names = (await disk.list(source))
      .filter(({ name, kind }) => kind === 'file' && !isLeftover(name) && !name.endsWith('.tmp'))
      .map(({ name }) => name)
      .sort();
    for (const name of copied.keys()) {
      if (names.includes(name)) continue;
      copied.delete(name);
      await disk.remove(`${future}/${name}`);
    }
    let totalBytes = 0;
    for (const name of names) {
      if (this.#isGivenUp(move, state)) throw new Cancelled();
      const { writtenOffset } = state;
      const stat = await disk.stat(`${source}/${name}`);
      const before = copied.get(name);
      if (
        stat === undefined ||
        (before?.sizeBytes === stat.sizeBytes && before.modifiedMs === stat.modifiedMs)
      )
        continue;
      const isLog = name.endsWith('.log');
      // A log's file only grows while nobody reshapes it; the small ones are written anew.
      const fromByte =
        isLog && before !== undefined && before.sizeBytes <= stat.sizeBytes ? before.sizeBytes : 0;
      await this.#copy(move, `${source}/${name}`, `${future}/${name}`, fromByte, stat.sizeBytes);
      copied.set(name, stat);
      totalBytes += stat.sizeBytes - fromByte;
      if (isLog) move.copiedOffset = endOf(state, name, writtenOffset);
    }
    return totalBytes;
  }

  async #copy(move: Move, source: string, target: string, fromByte: number, toByte: number): Promise<void> {
    const { disk } = this.#environment;
    const input = await disk.open(source, 'read');
    try {
      const output = await disk.open(target, 'write');
      try {
        const chunk = Buffer.allocUnsafe(Math.min(CHUNK_BYTES, Math.max(1, toByte - fromByte)));
        for (let position = fromByte; position < toByte; ) {
          const length = await input.read(
            chunk.subarray(0, Math.min(chunk.length, toByte - position)),
            position,
          );
          if (length === 0) break;
          await output.write([chunk.subarray(0, length)], position);
          position += length;
          if (source.endsWith('.log')) move.copiedBytes += length;
          if (move.isCancelled) throw new Cancelled();
        }
        await output.truncate(toByte);
        await output.sync();
      } finally {
        await output.close();
      }
    } finally {
      await input.close();
    }
  }
}

/** Where the segment of this file ends, as far as it had been written. */
function endOf(state: LogState, name: string, writtenOffset: number): number {
  const baseOffset = parseSegmentFileName(name)?.baseOffset ?? 0;
  const next = state.segments.find((segment) => segment.baseOffset > baseOffset);
  return Math.min(next?.baseOffset ?? writtenOffset, writtenOffset);
}
