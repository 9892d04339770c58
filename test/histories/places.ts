// Which clients do what in a run, on which topics.

import type { ClientName } from './clients.ts';
import type { Place, Role } from './worker.ts';

interface Topic {
  readonly number: number;
  readonly name: string;
  readonly partitions: number;
}

/** Written by idempotent producers and transactions; with acks=1; worked off by processors; and their results. */
const plain: Topic = { number: 0, name: 'plain', partitions: 4 };
const quick: Topic = { number: 1, name: 'quick', partitions: 3 };
const input: Topic = { number: 2, name: 'input', partitions: 3 };
const output: Topic = { number: 3, name: 'output', partitions: 3 };
export const topics: readonly Topic[] = [plain, quick, input, output];

export interface PlaceOptions {
  readonly seed: number;
  /** Values a second, of all producers together. */
  readonly rate: number;
  readonly hasTransactions: boolean;
  readonly clients: readonly ClientName[];
}

function words(list: readonly Topic[]): string {
  return list.map(({ number, name, partitions }) => `${number}:${name}:${partitions}`).join(',');
}

function place(
  role: Role,
  client: ClientName,
  on: readonly Topic[],
  settings: Place['settings'] = {},
  processes?: Topic,
): Place {
  return {
    ...{ role, client, topics: on.map(({ number }) => number), settings: { topics: words(on), ...settings } },
    ...(processes === undefined ? {} : { processes: processes.number }),
  };
}

/** Small fetches for some, so that they end within batches and segments; large ones for others. */
const FETCH_BYTES = [20_000, 100_000, 500_000];

export function places(options: PlaceOptions): Place[] {
  const { hasTransactions } = options;
  const producers = [
    place('produce', 'librdkafka', [plain]),
    place('produce', 'java', [plain]),
    place('produce', 'franz-go', [plain]),
    place('produce', 'kafka-python', [plain]),
    place('produce', 'moldau', [plain]),
    place('produce', 'librdkafka', [quick], { acks: 1 }),
    place('produce', 'java', [quick], { acks: 1 }),
  ];
  if (!hasTransactions) producers.push(place('produce', 'franz-go', [input]));
  else {
    for (const client of ['librdkafka', 'java', 'franz-go', 'moldau'] as const)
      producers.push(place('transact', client, [plain, input], { transactional: `transactions-${client}` }));
  }
  const members: Place[] = [
    ...(['librdkafka', 'kafka-python', 'java', 'franz-go'] as const).map((client) =>
      place('consume', client, [plain, quick], { group: 'mixed', isolation: 'committed', assignor: 'range' }),
    ),
    ...(['librdkafka', 'librdkafka', 'java', 'franz-go'] as const).map((client) =>
      place('consume', client, [plain, input], {
        ...{ group: 'cooperative', isolation: 'uncommitted', assignor: 'cooperative-sticky' },
      }),
    ),
  ];
  for (const client of ['librdkafka', 'java', 'java', 'franz-go', 'moldau'] as const)
    members.push(
      place('consume', client, [plain, quick], {
        group: 'new',
        isolation: 'committed',
        protocol: 'consumer',
      }),
    );
  if (hasTransactions) {
    for (const client of ['librdkafka', 'java', 'franz-go'] as const) {
      const settings = { group: 'processors', isolation: 'committed', transactional: `results-${client}` };
      members.push(place('process', client, [input], { ...settings, output: words([output]) }, input));
    }
    members.push(place('consume', 'librdkafka', [output], { group: 'results', isolation: 'committed' }));
  }
  const all = [...producers, ...members].filter(({ client }) => options.clients.includes(client));
  const rate = Math.ceil(options.rate / all.filter(isProducer).length);
  return all.map((one, at) => ({
    ...one,
    settings: {
      ...one.settings,
      ...{ seed: options.seed, rate, fetch: FETCH_BYTES[at % FETCH_BYTES.length]! },
    },
  }));
}

export function isProducer(one: Place): boolean {
  return one.role === 'produce' || one.role === 'transact';
}

export function creator(): Place {
  return place('create', 'librdkafka', topics);
}

/** They read everything from the beginning when all is over: what committed means, and what is there at all. */
export function readers(clients: readonly ClientName[]): Place[] {
  return (['librdkafka', 'java'] as const)
    .filter((client) => clients.includes(client))
    .flatMap((client) =>
      (['committed', 'uncommitted'] as const).map((isolation) =>
        place('read', client, topics, { isolation }),
      ),
    );
}
