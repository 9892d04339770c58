// What stops the reading of one partition. Nothing is skipped silently: each says where it is, and how to go on.

import { KafkaError } from './kafka-error.ts';

interface Place {
  readonly topic: string;
  readonly partition: number;
}

function where({ topic, partition }: Place): string {
  return `${topic}, partition ${partition}`;
}

/** There is no place to begin at, and the consumer was told not to choose one. */
export class NoPositionError extends KafkaError {
  override readonly name = 'NoPositionError';

  constructor(place: Place) {
    const message = `${where(place)}: no offset is known to begin at, and autoOffsetReset is 'none'. Commit one, seek to one, or set autoOffsetReset to 'earliest' or 'latest'.`;
    super('NO_POSITION', message, place);
  }
}

/** The position is before what is left of the log, or behind its end, and the consumer was told not to choose another. */
export class OffsetOutOfRangeError extends KafkaError {
  override readonly name = 'OffsetOutOfRangeError';
  /** What was to be read next. */
  readonly offset: number;

  constructor(place: Place, offset: number, what: string) {
    const message = `${where(place)}: offset ${offset} cannot be read: ${what}. autoOffsetReset is 'none', so nothing was skipped: seek to where reading is to go on.`;
    super('OFFSET_OUT_OF_RANGE', message, place);
    this.offset = offset;
  }
}

/** Records that were read are no more in the log: a leader without them was elected (KIP-320). */
export class TruncationError extends KafkaError {
  override readonly name = 'TruncationError';
  /** What was to be read next. */
  readonly offset: number;
  /** From here on the log differs from what was read; undefined: the broker cannot tell. */
  readonly divergentOffset: number | undefined;

  constructor(place: Place, offset: number, divergentOffset: number | undefined) {
    const from = divergentOffset === undefined ? 'somewhere' : `from offset ${divergentOffset} on`;
    const advice =
      divergentOffset === undefined ? 'seek to where reading is to go on' : `seek to ${divergentOffset}`;
    const message = `${where(place)}: the log was cut back behind offset ${offset}, up to which it was read: ${from} it has other records now, after an election of a leader that lacked some. Undo what came of them where that matters, and ${advice}.`;
    super('LOG_TRUNCATED', message, place);
    this.offset = offset;
    this.divergentOffset = divergentOffset;
  }
}

/** What is stored cannot be read: its checksum is wrong, or its bytes make no sense. */
export class CorruptRecordError extends KafkaError {
  override readonly name = 'CorruptRecordError';
  /** The first that cannot be read. */
  readonly offset: number;
  /** Behind what is damaged, as far as its own header tells. */
  readonly nextOffset: number;

  constructor(place: Place, damage: { offset: number; nextOffset: number; what: string; cause?: unknown }) {
    const { offset, nextOffset, what, cause } = damage;
    const message = `${where(place)}: the records from offset ${offset} on cannot be read: ${what}. Nothing was skipped; to go on without them, seek to ${nextOffset}.`;
    super('CORRUPT_MESSAGE', message, { ...place, cause });
    this.offset = offset;
    this.nextOffset = nextOffset;
  }
}
