// What the checks look at: everything that was gathered, as plain values, so that each check is a function that a test calls with made-up facts.

import type { KafkaError } from '@moldau/client';

export interface Facts {
  /** By this machine's clock, at the last look. */
  readonly nowMs: number;
  /** What the command was given: host:port, as many as there are. */
  readonly brokers: readonly BrokerFacts[];
  readonly topics: readonly TopicFacts[];
  readonly groups: readonly GroupFacts[];
  /** From the first look at the groups to the second; 0: there was one. */
  readonly lookedForMs: number;
  readonly clocks: readonly ClockFacts[];
  /** The largest request that this client sends, where the command line or a profile says so. */
  readonly clientMaxRequestBytes: number | undefined;
  /** The one address that was given and that answers, as a listener: PLAINTEXT://kafka-1:9092. */
  readonly wayIn: string | undefined;
  /** Undefined: no broker is on this machine. */
  readonly machine: MachineFacts | undefined;
}

export interface BrokerFacts {
  readonly id: number;
  /** As it is advertised. */
  readonly address: string;
  /** Why it did not answer. */
  readonly error: KafkaError | undefined;
  /** Empty when it did not answer, or may not be asked. */
  readonly configs: ReadonlyMap<string, string | null>;
  readonly logDirs: readonly LogDirFacts[];
  /** The highest version of each API that it speaks; undefined: not known. */
  readonly apis: ReadonlyMap<number, number> | undefined;
}

export interface LogDirFacts {
  readonly path: string;
  readonly error: string | undefined;
  readonly totalBytes: number | undefined;
  readonly usableBytes: number | undefined;
}

export interface TopicFacts {
  readonly name: string;
  readonly isInternal: boolean;
  readonly partitions: readonly PartitionFacts[];
  readonly configs: ReadonlyMap<string, { readonly value: string | null; readonly isDefault: boolean }>;
}

export interface PartitionFacts {
  readonly index: number;
  readonly leaderId: number | undefined;
  readonly replicas: readonly number[];
  readonly inSyncReplicas: readonly number[];
}

export interface GroupFacts {
  readonly groupId: string;
  /** In the first look, and in the second. */
  readonly states: readonly [string, string];
  readonly memberCount: number;
  readonly lags: readonly LagFacts[];
}

/** Of one partition. */
export interface LagFacts {
  readonly topic: string;
  readonly partition: number;
  /** In the first look, and in the second. */
  readonly committed: readonly [number, number];
  readonly end: readonly [number, number];
  /** Where the log began at the last look. */
  readonly startOffset: number | undefined;
  /** The first record that retention leaves alone for a while yet; undefined: nothing is near its end, or nothing is ever deleted by time. */
  readonly safeOffset: number | undefined;
  readonly retentionMs: number | undefined;
}

/** The youngest timestamp of a topic. */
export interface ClockFacts {
  readonly topic: string;
  /** Brokers write it, and nobody else. */
  readonly isOfBrokers: boolean;
  readonly newestMs: number;
  /** Set when records came between the two looks: by this machine's clock they are not older than this. */
  readonly writtenAfterMs: number | undefined;
}

export interface MachineFacts {
  readonly memoryTotalBytes: number | undefined;
  readonly memoryAvailableBytes: number | undefined;
  /** Of the kernel, 0 to 200. */
  readonly swappiness: number | undefined;
  readonly swapTotalBytes: number | undefined;
  readonly brokers: readonly LocalBrokerFacts[];
}

/** A broker's process on this machine. */
export interface LocalBrokerFacts {
  readonly processId: number;
  readonly maxOpenFiles: number | undefined;
  readonly openFiles: number | undefined;
  readonly swappedBytes: number | undefined;
}

/** A number that a configuration holds; undefined where it is not set, or no number. */
export function numberOf(value: string | null | undefined): number | undefined {
  if (value === undefined || value === null || value === '') return undefined;
  const number = Number(value);
  return Number.isFinite(number) ? number : undefined;
}
