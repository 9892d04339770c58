// What security costs: encryption, access rules, and the logins of others.

import { certificateFile, freePort } from '@moldau/testing';
import { type MeasuredBroker, measured } from './brokers.ts';
import {
  type Figure,
  javaClient,
  MEGABYTE,
  median,
  pythonClient,
  rawClient,
  type Workload,
  withBroker,
} from './workload.ts';

const PARTITIONS = ['num.partitions=6', 'group.initial.rebalance.delay.ms=0'];
const KB = 1000;

interface Burst {
  recordBytes: number;
  records: number;
  bursts: number;
}
const LARGE: Burst = { recordBytes: 200 * KB, records: 1000, bursts: 5 };
const SMALL: Burst = { recordBytes: 100, records: 500_000, bursts: 5 };

/** MB/s of each burst, the brokers in turn: what disturbs the machine meets all alike. */
async function bursts(
  action: 'produce' | 'consume',
  { recordBytes, records, bursts }: Burst,
  authority: string,
  ...bootstraps: string[]
): Promise<number[][]> {
  const size = [recordBytes, records, bursts];
  return javaClient<number[][]>('Throughput.java', action, ...size, authority, ...bootstraps);
}

const sizeName = (bytes: number): string => (bytes >= KB ? `${bytes / KB} KB` : `${bytes} B`);

function encrypted(burst: Burst): Workload {
  const size = sizeName(burst.recordBytes);
  return {
    name: `tls ${size}`,
    about: `records of ${size} over TLS with Kafka's clients, ${burst.bursts} x ${burst.records}, 6 partitions, acks=1`,
    async run(broker) {
      const bootstrap = `127.0.0.1:${await freePort()}`;
      const settings = [
        ...PARTITIONS,
        'listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT,CLIENTS:SSL',
        'ssl.keystore.type=PKCS12',
        `ssl.keystore.location=${certificateFile('server.p12')}`,
        'ssl.keystore.password=changeit',
      ];
      return withBroker(
        broker,
        settings,
        async (running) => {
          const authority = certificateFile('ca.pem');
          const measure = (action: 'produce' | 'consume') =>
            measured(running, () => bursts(action, burst, authority, bootstrap));
          const produced = await measure('produce');
          const consumed = await measure('consume');
          const rate = ({ result }: { result: number[][] }) => median(result.map(([first]) => first!));
          const [more, less] = [
            { better: 'high', goal: { ratio: 1 } },
            { better: 'low', goal: { ratio: 1 } },
          ] as const;
          return [
            { name: 'produce MB/s', value: rate(produced), ...more },
            { name: 'produce CPU s', value: produced.cpuSeconds, ...less },
            { name: 'consume MB/s', value: rate(consumed), ...more },
            { name: 'consume CPU s', value: consumed.cpuSeconds, ...less },
            {
              name: 'peak MB',
              value: Math.max(produced.peakBytes, consumed.peakBytes) / MEGABYTE,
              better: 'low',
            },
          ];
        },
        [`CLIENTS://${bootstrap}`],
      );
    },
  };
}

/** The mean rates of two bursts each: whoever comes second in the one comes first in the other. */
function ratesOfPairs(rows: readonly number[][]): number[][] {
  return rows.flatMap((row, index) => {
    const before = rows[index - 1];
    if (before === undefined || index % 2 === 0) return [];
    return [row.map((rate, column) => 2 / (1 / rate + 1 / before[column]!))];
  });
}

const RULES = 10_000;

/** What the rules cost one and the same work, in percent. */
async function costOfRules(
  open: MeasuredBroker,
  ruled: MeasuredBroker,
  action: 'produce' | 'consume',
  burst: Burst,
): Promise<Figure[]> {
  const both = await measured(open, () =>
    measured(ruled, () => bursts(action, burst, '-', open.bootstrap, ruled.bootstrap)),
  );
  const shares = ratesOfPairs(both.result.result).map(([openRate, ruledRate]) => ruledRate! / openRate!);
  const work = `${action} ${sizeName(burst.recordBytes)}`;
  return [
    {
      name: `${work}: throughput lost %`,
      value: 100 * (1 - median(shares)),
      better: 'low',
      goal: { value: 3 },
    },
    {
      name: `${work}: CPU added %`,
      value: 100 * (both.result.cpuSeconds / both.cpuSeconds - 1),
      better: 'low',
    },
  ];
}

const accessRules: Workload = {
  name: 'access rules',
  about: `${RULES} rules against none: the same work on two brokers in turn, with Kafka's clients`,
  run: (broker) =>
    withBroker(broker, PARTITIONS, (open) =>
      withBroker(
        broker,
        [
          ...PARTITIONS,
          'authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer',
          // What there is no rule for is open: the first rules can be made, and a broker speaks to itself.
          'allow.everyone.if.no.acl.found=true',
        ],
        async (ruled) => {
          await pythonClient('rules.py', ruled.bootstrap, RULES);
          const figures: Figure[] = [];
          for (const { recordBytes, records } of [SMALL, LARGE]) {
            const short = { recordBytes, records: records * 0.3, bursts: 22 };
            figures.push(...(await costOfRules(open, ruled, 'produce', short)));
            figures.push(...(await costOfRules(open, ruled, 'consume', short)));
          }
          return figures;
        },
      ),
    ),
};

const LOGINS_PER_SECOND = 500;
const WINDOW_SECONDS = 2;
const WINDOWS = 6;

interface Logins {
  /** When logins came, in milliseconds of the wall clock, with as long a pause before each. */
  windows: [fromMs: number, toMs: number][];
  logins: number;
  p99: number;
}

const logins: Workload = {
  name: 'logins',
  about: `${LOGINS_PER_SECOND} SCRAM-SHA-512 logins/s for ${WINDOW_SECONDS} s, none for ${WINDOW_SECONDS} s and so on, beside a producer`,
  async run(broker) {
    const port = await freePort();
    const settings = [
      'listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT,LOGIN:SASL_PLAINTEXT',
      'sasl.enabled.mechanisms=SCRAM-SHA-512',
      'listener.name.login.scram-sha-512.sasl.jaas.config=org.apache.kafka.common.security.scram.ScramLoginModule required;',
    ];
    return withBroker(
      broker,
      settings,
      async (running) => {
        await pythonClient('scram-user.py', running.bootstrap, 'alice', 'wonderland');
        const seconds = 2 * WINDOW_SECONDS * WINDOWS + 1;
        const times = [LOGINS_PER_SECOND, WINDOW_SECONDS, WINDOWS];
        const { result, cpuSeconds, peakBytes } = await measured(running, () =>
          Promise.all([
            pythonClient<[atMs: number, tookMs: number][]>('latency.py', running.bootstrap, seconds),
            rawClient<Logins>('logins.ts', port, ...times, 'alice', 'wonderland'),
          ]),
        );
        const [latencies, made] = result;
        const isBeside = (atMs: number) => made.windows.some(([from, to]) => from <= atMs && atMs < to);
        const [firstMs, lastMs] = [made.windows[0]![0] - 1000 * WINDOW_SECONDS, made.windows.at(-1)![1]];
        const within = latencies.filter(([atMs]) => firstMs <= atMs && atMs < lastMs);
        const beside = p99(within.filter(([atMs]) => isBeside(atMs)));
        const before = p99(within.filter(([atMs]) => !isBeside(atMs)));
        return [
          {
            name: 'logins/s',
            value: made.logins / WINDOWS / WINDOW_SECONDS,
            better: 'high',
            goal: { value: LOGINS_PER_SECOND * 0.99 },
          },
          { name: 'login p99 ms', value: made.p99, better: 'low' },
          { name: 'p99 before ms', value: before, better: 'low' },
          { name: 'p99 beside ms', value: beside, better: 'low' },
          { name: 'beside / before', value: beside / before, better: 'low', goal: { value: 1.5 } },
          { name: 'broker CPU s', value: cpuSeconds, better: 'low' },
          { name: 'peak MB', value: peakBytes / MEGABYTE, better: 'low' },
        ];
      },
      [`LOGIN://127.0.0.1:${port}`],
    );
  },
};

function p99(latencies: readonly [atMs: number, tookMs: number][]): number {
  const sorted = latencies.map(([, tookMs]) => tookMs).sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length * 0.99)]!;
}

export const securityWorkloads: readonly Workload[] = [
  encrypted(LARGE),
  encrypted(SMALL),
  accessRules,
  logins,
];
