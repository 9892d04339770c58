// Checks of brokers: whether each can be reached at the address that it advertises, its disks, what it speaks, and its clock.

import { sizeText } from '../output/units.ts';
import { certificateCause, withoutPrefix } from './explain-connection.ts';
import type { BrokerFacts, ClockFacts, Facts, LogDirFacts } from './facts.ts';
import { type Finding, named, spanText } from './finding.ts';

const FULL_SHARE = 0.05;
const NEARLY_FULL_SHARE = 0.15;
/** Clocks that are set over a network stay closer than this. */
const CLOCK_TOLERANCE_MS = 5000;
/** Producers may well set timestamps a little ahead. */
const RECORD_TOLERANCE_MS = 60_000;

/** Why a broker that is known of cannot be used. The client says what it met, and tells the causes apart. */
export function checkReachable({ brokers, wayIn }: Pick<Facts, 'brokers' | 'wayIn'>): Finding[] {
  // Of several nobody knows which of them has answered there.
  const listener = (brokers.length === 1 ? wayIn : undefined) ?? 'PLAINTEXT://HOST:PORT';
  return brokers.flatMap(({ id, address, error }) => {
    if (error === undefined) return [];
    return [
      {
        severity: 'error',
        check: 'broker-unreachable',
        subject: `broker ${id} at ${address}`,
        what: withoutPrefix(error.message, address),
        why: 'clients take the addresses that brokers advertise: producers and consumers of the partitions that it leads wait in vain, though the first address answers',
        mend: `advertised.listeners=${listener} in the configuration of broker ${id}, or another name that can be resolved and reached from all its clients; then restart it`,
        ...certificateCause(error, address),
      } satisfies Finding,
    ];
  });
}

export function checkDisks({ brokers }: Pick<Facts, 'brokers'>): Finding[] {
  return brokers.flatMap(({ id, logDirs }) => logDirs.flatMap((dir) => diskFinding(id, dir)));
}

function diskFinding(id: number, { path, error, totalBytes, usableBytes }: LogDirFacts): Finding[] {
  const subject = `${path} of broker ${id}`;
  if (error !== undefined) {
    return [
      {
        ...{ severity: 'error', check: 'log-dir-offline', subject, what: `it cannot be used: ${error}` },
        why: 'the partitions in it are offline on this broker',
        mend: 'see the log of the broker and of the kernel (dmesg), mend or replace the disk, then restart the broker',
      },
    ];
  }
  if (totalBytes === undefined || usableBytes === undefined || totalBytes === 0) return [];
  const share = usableBytes / totalBytes;
  if (share >= NEARLY_FULL_SHARE) return [];
  return [
    {
      severity: share < FULL_SHARE ? 'error' : 'warning',
      ...{ check: 'disk-space', subject },
      what: `${sizeText(usableBytes)} of ${sizeText(totalBytes)} are left (${Math.floor(share * 100)} %)`,
      why: 'a broker whose disk is full takes no records, and its partitions go offline',
      mend: '`moldau log-dirs replicas` shows what takes the room; `moldau topic alter TOPIC -c retention.ms=86400000` makes some, or `moldau topic trim TOPIC --before -1d` at once',
    },
  ];
}

/** Brokers of one cluster speak the same, but while they are upgraded. */
export function checkApis({ brokers }: Pick<Facts, 'brokers'>): Finding[] {
  const known = brokers.filter((broker): broker is BrokerFacts & { apis: ReadonlyMap<number, number> } =>
    Boolean(broker.apis),
  );
  const different = [...new Set(known.flatMap(({ apis }) => [...apis.keys()]))]
    .filter((key) => new Set(known.map(({ apis }) => apis.get(key))).size > 1)
    .sort((one, other) => one - other);
  if (different.length === 0) return [];
  return [
    {
      severity: 'warning',
      check: 'api-versions',
      subject: `brokers ${named(known.map(({ id }) => id))}`,
      what: `they speak different versions of the APIs ${named(different)}`,
      why: 'as while brokers are upgraded: what clients can do depends on the broker that they talk to',
      mend: '`moldau cluster api-versions` shows who speaks what: upgrade the others',
    },
  ];
}

export function checkClocks({ clocks, nowMs }: Pick<Facts, 'clocks' | 'nowMs'>): Finding[] {
  return clocks.flatMap((clock) => clockFinding(clock, nowMs));
}

function clockFinding(
  { topic, isOfBrokers, newestMs, writtenAfterMs }: ClockFacts,
  nowMs: number,
): Finding[] {
  const aheadMs = newestMs - nowMs;
  if (!isOfBrokers) {
    if (aheadMs < RECORD_TOLERANCE_MS) return [];
    return [
      {
        ...{ severity: 'warning', check: 'records-from-the-future', subject: `topic ${topic}` },
        what: `its youngest record is ${spanText(aheadMs)} ahead of the clock of this machine`,
        why: 'retention counts from the timestamps of records: these, and all that lie in the same segment, are kept so much longer',
        mend: `set the clock of the producer's machine (or see whether it means seconds, not milliseconds); \`moldau topic alter ${topic} -c message.timestamp.type=LogAppendTime\` takes the broker's clock instead`,
      },
    ];
  }
  const behindMs = writtenAfterMs === undefined ? 0 : writtenAfterMs - newestMs;
  const skewMs = Math.max(aheadMs, behindMs);
  if (skewMs < CLOCK_TOLERANCE_MS) return [];
  return [
    {
      ...{ severity: 'warning', check: 'clock-skew', subject: 'the clocks of the brokers' },
      what: `a broker is ${spanText(skewMs)} ${aheadMs > 0 ? 'ahead of' : 'behind'} the clock of this machine, by what it wrote to ${topic}`,
      why: 'logins by token, certificates, retention and searches by time go wrong when clocks disagree',
      mend: 'set the clocks with chrony or systemd-timesyncd: `timedatectl status` on both machines',
    },
  ];
}
