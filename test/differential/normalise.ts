// Takes out of answers what differs between two brokers that behave the same: ids, times, addresses, the wording of messages.
//
// Invariant: the same thing gets the same stand-in wherever it appears within a scenario, so that answers that mix up two
// ids still differ.

import { batches, isMessageSet, type RecordBatch } from './records.ts';

const UUID = /^[A-Za-z0-9_-]{22}$/;
const ZERO_UUID = 'AAAAAAAAAAAAAAAAAAAAAA';
const GENERATED_SUFFIX = /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/;
const HOUR_MS = 3_600_000;

/** Fields by which entries of a list are known: brokers may list them in any order. */
const KEYS = [
  'name',
  'topic',
  'topicId',
  'apiKey',
  'resourceName',
  'groupId',
  'memberId',
  'partitionIndex',
  'partition',
  'index',
  'nodeId',
  'brokerId',
  'key',
];
const MESSAGES = new Set(['errorMessage', 'batchIndexErrorMessage', 'documentation']);
/** Lists of entries that no field tells apart. */
const ENTRIES_WITHOUT_ORDER = new Set(['acls', 'matchingAcls', 'resources']);
const PLAIN_ARRAYS_WITHOUT_ORDER = new Set(['offlineReplicas', 'replicaNodes', 'isrNodes']);

export class Normaliser {
  readonly #names = new Map<string, string>();
  readonly #counts = new Map<string, number>();
  readonly #prefix: string;

  /** @param prefix is left out of all names. */
  constructor(prefix: string) {
    this.#prefix = prefix;
  }

  /** What stands for this value from now on. */
  name(value: string, standIn: string): void {
    this.#names.set(value, standIn);
  }

  normalise(value: unknown, field = ''): unknown {
    if (value === null || value === undefined) return null;
    if (Buffer.isBuffer(value)) return field === 'records' ? this.#records(value) : value.toString('latin1');
    if (Array.isArray(value)) return this.#array(value, field);
    if (typeof value === 'object') {
      return Object.fromEntries(
        Object.entries(value).map(([name, inner]) => [name, this.normalise(inner, name)]),
      );
    }
    if (typeof value === 'number') return this.#number(value, field);
    return typeof value === 'string' ? this.#text(value, field) : value;
  }

  /** A list whose entries are known by a field becomes a record, so that its order does not count. */
  #array(values: readonly unknown[], field: string): unknown {
    const normal = values.map((value) => this.normalise(value));
    if (PLAIN_ARRAYS_WITHOUT_ORDER.has(field)) return normal.sort();
    if (field === 'synonyms') return normal;
    if (ENTRIES_WITHOUT_ORDER.has(field)) return normal.sort(byText);
    const first = normal[0];
    if (typeof first !== 'object' || first === null) return normal;
    for (const key of KEYS) {
      if (!(key in first)) continue;
      const keys = normal.map((value) => String((value as Record<string, unknown>)[key]));
      if (new Set(keys).size === keys.length) {
        return Object.fromEntries(normal.map((value, index) => [keys[index]!, value]));
      }
    }
    return normal;
  }

  #number(value: number, field: string): unknown {
    if (field === 'port' && value > 0) return '<port>';
    if (field === 'producerId' && value >= 0) return this.#numbered('producer', `producer ${value}`);
    if (field === 'finalizedFeaturesEpoch') return value >= 0 ? '<epoch>' : value;
    if (field === 'sessionId' && value > 0) return this.#numbered('session', `session ${value}`);
    if (field === 'totalBytes' || field === 'usableBytes') return value >= 0 ? '<bytes>' : value;
    return Math.abs(value - Date.now()) < HOUR_MS ? '<now>' : value;
  }

  #text(value: string, field: string): unknown {
    const standIn = this.#names.get(value);
    if (standIn !== undefined) return standIn;
    if (MESSAGES.has(field)) return value === '' ? '' : '<text>';
    if (field === 'clusterId') return '<cluster>';
    if (field === 'logDir') return '<folder>';
    if (field === 'topicId' && UUID.test(value) && value !== ZERO_UUID) return '<unknown id>';
    const generated = GENERATED_SUFFIX.exec(value)?.[0];
    const short = this.#prefix === '' ? value : value.replaceAll(this.#prefix, '');
    return generated === undefined
      ? short
      : short.replace(generated, this.#numbered('generated', `generated ${generated}`));
  }

  /** '<kind 1>' for the first of its kind that was seen, and so on. */
  #numbered(kind: string, value: string): string {
    let standIn = this.#names.get(value);
    if (standIn === undefined) {
      const count = (this.#counts.get(kind) ?? 0) + 1;
      this.#counts.set(kind, count);
      standIn = `<${kind} ${count}>`;
      this.#names.set(value, standIn);
    }
    return standIn;
  }

  #records(bytes: Buffer): unknown {
    if (bytes.length === 0) return [];
    if (isMessageSet(bytes)) return `message set of ${bytes.length} bytes`;
    return [...batches(bytes)].map((batch) => this.#batch(batch));
  }

  #batch(batch: RecordBatch): unknown {
    const { baseOffset, partitionLeaderEpoch, attributes, producerEpoch, baseSequence, lastOffsetDelta } =
      batch;
    return {
      baseOffset,
      partitionLeaderEpoch,
      attributes,
      producerId: this.normalise(batch.producerId, 'producerId'),
      producerEpoch,
      baseSequence,
      lastOffsetDelta,
      baseTimestamp: this.normalise(batch.baseTimestamp),
      maxTimestamp: this.normalise(batch.maxTimestamp),
      isCrcValid: batch.isCrcValid(),
      records: [...batch.records()].map((record) => this.normalise(record)),
    };
  }
}

function byText(one: unknown, other: unknown): number {
  return JSON.stringify(one) < JSON.stringify(other) ? -1 : 1;
}
