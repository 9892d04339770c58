// Sends a broker requests of all APIs and versions that are well formed but senseless, and mutations of them, while a good client writes and
// reads back. The broker must answer or close; it must not meet an exception it did not expect, let its memory grow, or fail the good client.
//
// Run: [SEED=N] node --conditions=source packages/broker/src/broker.fuzz.ts [--requests=N]
// A failure prints the seed and the command that repeats it.

import assert from 'node:assert/strict';
import {
  apiVersionsRequest,
  apiVersionsResponse,
  BATCH_OVERHEAD,
  encodeBatch,
  encodeRequestFrame,
  type Message,
  RecordBatch,
} from '@moldau/protocol';
import { apiByKey } from '@moldau/protocol/apis';
import type { AnyField, Fields } from '@moldau/protocol/schema';
import {
  GoodClient,
  RawClient,
  SeededRandom,
  seedOf,
  startTestBroker,
  type TestBroker,
} from '@moldau/testing';

interface ServedRange {
  readonly apiKey: number;
  readonly minVersion: number;
  readonly maxVersion: number;
}

export interface FuzzResult {
  readonly requests: number;
  readonly answered: number;
  readonly closed: number;
  readonly waits: number;
  readonly slowestRoundTripMs: number;
}

/** How long one request may take to be answered or refused; senseless waits are cut to less than that. */
const ANSWER_MS = 5_000;
const LONGEST_WAIT_MS = 20;
const ROUND_TRIP_EVERY = 50;
const PRODUCE_KEY = 0;
/** Fetch, JoinGroup and SyncGroup wait for what others do; a mutation, or a member that went away, may make that long. */
const WAITING_KEYS = new Set([1, 11, 14]);
const WAITING_MS = 100;
const WAIT_FIELDS = /^(maxWaitMs|timeoutMs|sessionTimeoutMs|rebalanceTimeoutMs)$/;
// Neither the good client's topic nor the broker's own: some requests delete what they name.
const NAMES = [
  '',
  'a',
  'fuzz',
  'group',
  '.',
  'a/b',
  'range',
  'consumer',
  'é'.repeat(100),
  'x'.repeat(249),
  'x'.repeat(250),
];

export class RequestFuzzer {
  readonly #random: SeededRandom;

  constructor(random: SeededRandom) {
    this.#random = random;
  }

  /** A whole frame of that API and version. */
  frame(apiKey: number, version: number, correlationId: number): Buffer {
    const message = apiByKey(apiKey)!.request as Message<unknown, never>;
    const value = this.#struct(message.fields, version) as never;
    return Buffer.concat(
      encodeRequestFrame(message, version, correlationId, this.#random.pick(['fuzz', '', null]), value),
    );
  }

  #struct(fields: Fields, version: number): Record<string, unknown> {
    const value: Record<string, unknown> = {};
    for (const [name, field] of Object.entries(fields)) {
      const { firstVersion, lastVersion } = field.options;
      if (version < firstVersion || version > lastVersion) continue;
      const isWait = WAIT_FIELDS.test(name) && field.type.kind === 'int32';
      value[name] = isWait ? this.#random.below(LONGEST_WAIT_MS) : this.#value(field, version);
    }
    return value;
  }

  #value(field: AnyField, version: number): unknown {
    const random = this.#random;
    const { type, options } = field;
    const isNullable = version >= options.firstNullableVersion && version <= options.lastNullableVersion;
    if (isNullable && random.chance(0.2)) return null;
    switch (type.kind) {
      case 'bool':
        return random.chance(0.5);
      case 'int8':
        return random.pick([0, 1, -1, 2, 127, -128]);
      case 'int16':
        return random.pick([0, 1, -1, 2, 0x7fff, -0x8000]);
      case 'uint16':
        return random.pick([0, 1, 0xffff]);
      case 'int32':
        return random.pick([0, 0, 1, 1, -1, 100, 10_000, 0x7fffffff, -0x80000000]);
      case 'uint32':
        return random.pick([0, 1, 0xffffffff]);
      case 'int64':
        return random.pick([0, 0, 1, -1, -2, -3, 1000, 2 ** 53 - 1, 1 - 2 ** 53, Number.POSITIVE_INFINITY]);
      case 'bits64':
        return BigInt.asIntN(64, BigInt(random.below(2 ** 32)) * 4_294_967_297n);
      case 'float64':
        return random.pick([0, -1.5, Number.NaN, Number.POSITIVE_INFINITY]);
      case 'string':
        return random.pick(NAMES);
      case 'uuid':
        return random.pick([
          'AAAAAAAAAAAAAAAAAAAAAA',
          'AAAAAAAAAAAAAAAAAAAAAQ',
          random.bytes(16).toString('base64url'),
        ]);
      case 'bytes':
        return random.bytes(random.pick([0, 1, 20, 200]));
      case 'records':
        return this.#records();
      case 'array':
        return Array.from({ length: random.pick([0, 1, 1, 2, 3]) }, () => this.#value(type.element, version));
      case 'struct':
        return this.#struct(type.fields, version);
    }
  }

  /** Now and then a good batch, so that what comes behind the checks is reached. */
  #records(): Buffer {
    const random = this.#random;
    const records = Array.from({ length: 1 + random.below(3) }, (_, index) => ({
      timestamp: random.pick([-1, 0, 1_700_000_000_000]),
      key: random.chance(0.5) ? null : random.bytes(5),
      value: random.chance(0.1) ? null : random.bytes(random.below(300)),
      offsetDelta: index,
    }));
    const compression = random.pick(['none', 'none', 'gzip', 'snappy', 'lz4', 'zstd'] as const);
    const producer = random.chance(0.3)
      ? {
          ...{ producerId: random.below(3), producerEpoch: random.below(2), baseSequence: random.below(4) },
          ...{ isTransactional: random.chance(0.5), isControl: random.chance(0.1) },
        }
      : {};
    const bytes = encodeBatch({ records, compression, ...producer });
    if (!random.chance(0.4)) return bytes;
    const mutated = this.mutate(bytes);
    // With its checksum right again, as only a sender that is at fault itself writes it, what comes behind that check is reached too.
    if (mutated.length > BATCH_OVERHEAD && random.chance(0.5)) {
      const batch = new RecordBatch(mutated);
      if (batch.sizeBytes >= BATCH_OVERHEAD && batch.sizeBytes <= mutated.length) batch.refreshCrc();
    }
    return mutated;
  }

  /** Some bytes changed, cut out, put in or repeated; the claimed sizes are no longer right. */
  mutate(bytes: Buffer): Buffer {
    const random = this.#random;
    let mutated: Buffer = Buffer.from(bytes);
    for (let count = 1 + random.below(4); count > 0 && mutated.length > 0; count--) {
      const at = random.below(mutated.length);
      const length = Math.min(mutated.length - at, 1 + random.below(8));
      switch (random.below(5)) {
        case 0:
          mutated[at] = mutated[at]! ^ (1 << random.below(8));
          break;
        case 1:
          mutated.fill(random.pick([0, 0x7f, 0x80, 0xff]), at, at + length);
          break;
        case 2:
          mutated = Buffer.concat([mutated.subarray(0, at), mutated.subarray(at + length)]);
          break;
        case 3:
          mutated = Buffer.concat([mutated.subarray(0, at), random.bytes(length), mutated.subarray(at)]);
          break;
        default:
          mutated = mutated.subarray(0, at);
      }
    }
    return mutated;
  }

  /** The frame with its content mutated: mostly the body alone, and its size set right again. */
  mutateFrame(frame: Buffer): Buffer {
    const keptBytes = this.#random.chance(0.8) ? Math.min(frame.length, 14) : 4;
    const content = Buffer.concat([frame.subarray(4, keptBytes), this.mutate(frame.subarray(keptBytes))]);
    const size = Buffer.alloc(4);
    size.writeInt32BE(content.length);
    return Buffer.concat([size, content]);
  }
}

export async function fuzzBroker(options: { seed: number; requests: number }): Promise<FuzzResult> {
  const random = new SeededRandom(options.seed);
  const surprises: string[] = [];
  const note = (fields: object, message: string): void => {
    surprises.push(
      `${message} ${JSON.stringify(fields)} ${'err' in fields && fields.err instanceof Error ? fields.err.stack : ''}`,
    );
  };
  const logger = { debug() {}, info() {}, warn() {}, error: note };
  await using broker = await startTestBroker({
    logger,
    settings: [
      'num.partitions=1',
      'group.initial.rebalance.delay.ms=0',
      'moldau.max.decompressed.bytes=1000000',
    ],
  });
  const good = await GoodClient.dial(broker);
  const ranges = await servedRanges(broker);
  const fuzzer = new RequestFuzzer(random);
  const result = { requests: 0, answered: 0, closed: 0, waits: 0, slowestRoundTripMs: 0 };
  let client = await RawClient.dial(broker);
  for (; result.requests < options.requests; result.requests++) {
    const range = random.pick(ranges);
    const version = range.minVersion + random.below(range.maxVersion - range.minVersion + 1);
    const frame = fuzzer.frame(range.apiKey, version, result.requests);
    const isMutated = random.chance(0.7);
    const bytes = isMutated ? fuzzer.mutateFrame(frame) : frame;
    if (random.chance(0.02)) {
      // A client that goes away in the middle of a request.
      client.send(bytes.subarray(0, random.below(bytes.length)));
      client.close();
      client = await RawClient.dial(broker);
      continue;
    }
    client.send(bytes);
    const what = `request ${result.requests}, ${apiByKey(range.apiKey)!.name} ${version}${isMutated ? ' mutated' : ''}`;
    const outcome = await outcomeOf(client, result.requests, what, WAITING_KEYS.has(range.apiKey));
    // Produce without acks closes the connection when it fails, as it has no other way to say so.
    if (!isMutated && range.apiKey !== PRODUCE_KEY) assert.notEqual(outcome, 'closed', what);
    assert.deepEqual(surprises, [], what);
    result[outcome]++;
    if (outcome !== 'answered') {
      client.close();
      client = await RawClient.dial(broker);
    }
    if (result.requests % ROUND_TRIP_EVERY === 0) {
      result.slowestRoundTripMs = Math.max(result.slowestRoundTripMs, await good.roundTrip());
    }
  }
  await good.roundTrip();
  client.close();
  good.close();
  return result;
}

async function servedRanges(broker: TestBroker): Promise<readonly ServedRange[]> {
  const client = await RawClient.dial(broker);
  const { apiKeys } = await client.request(apiVersionsRequest, apiVersionsResponse, 0, {});
  client.close();
  return apiKeys;
}

/** Sends an ApiVersions behind the request: whatever that one wanted, an answer to this one shows that it is done with. */
async function outcomeOf(
  client: RawClient,
  correlationId: number,
  what: string,
  mayWait: boolean,
): Promise<'answered' | 'closed' | 'waits'> {
  const marker = (correlationId ^ 0x40000000) | 0;
  client.send(...encodeRequestFrame(apiVersionsRequest, 0, marker, null, {}));
  try {
    for (;;)
      if ((await client.frame(mayWait ? WAITING_MS : ANSWER_MS)).readInt32BE(0) === marker) return 'answered';
  } catch (error) {
    if (client.isClosed) return 'closed';
    if (mayWait) return 'waits';
    throw new Error(what, { cause: error });
  }
}

function repeatCommand(seed: number, requests: number): string {
  return `SEED=${seed} node --conditions=source packages/broker/src/broker.fuzz.ts --requests=${requests}`;
}

/** Runs it, and says how to run it again when it fails. */
export async function fuzzOrExplain(options: { seed: number; requests: number }): Promise<FuzzResult> {
  try {
    return await fuzzBroker(options);
  } catch (error) {
    throw new Error(`seed ${options.seed}; repeat with: ${repeatCommand(options.seed, options.requests)}`, {
      cause: error,
    });
  }
}

if (import.meta.main) {
  const given = process.argv.find((argument) => argument.startsWith('--requests='));
  const seed = seedOf();
  const requests = given === undefined ? 20_000 : Number(given.slice(11));
  console.log(repeatCommand(seed, requests));
  console.log(await fuzzOrExplain({ seed, requests }));
}
