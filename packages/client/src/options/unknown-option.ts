// What to say of an option that there is not: what it is called here, where it belongs, or which one may be meant.

import { nearest, type PropertyTable } from './properties.ts';

/** What other clients for Node call it. */
const OTHER_NAMES: Readonly<Record<string, string>> = {
  ssl: 'tls',
  connectionTimeout: 'connectTimeoutMs',
  logLevel: 'logger',
  logCreator: 'logger',
  retry: 'retryBackoffMs',
  kafkaJS: 'properties',
  fromBeginning: "autoOffsetReset: 'earliest'",
  autoCommit: "commit: 'manual'",
  readUncommitted: 'isolation',
  partitionAssigners: 'assignors',
  rebalanceTimeout: 'maxPollIntervalMs',
  maxWaitTimeInMs: 'fetchMaxWaitMs',
  minBytes: 'fetchMinBytes',
  maxBytes: 'fetchMaxBytes',
  maxBytesPerPartition: 'partitionMaxBytes',
  createPartitioner: 'partitioner',
  maxInFlightRequests: 'maxInFlight',
  allowAutoTopicCreation: 'allowTopicCreation',
};

export interface OptionOwner {
  /** 'A producer' */
  readonly who: string;
  readonly names: readonly string[];
  /** Of which it may be one. */
  readonly others?: readonly PropertyTable<unknown>[] | undefined;
}

/** A whole sentence. */
export function unknownOption(name: string, { who, names, others = [] }: OptionOwner): string {
  return `${who} has no option ${name}${advice(name, names, others)}`;
}

function advice(name: string, names: readonly string[], others: readonly PropertyTable<unknown>[]): string {
  if (name.includes('.')) return `: give it as properties: { '${name}': ... }.`;
  const here = OTHER_NAMES[name];
  if (here !== undefined && names.includes(/^\w+/.exec(here)![0])) return `: it is ${here} here.`;
  const owner = others.find(({ definitions }) =>
    definitions.some(({ option }) => option !== undefined && (option === name || option === here)),
  );
  if (owner !== undefined)
    return `: it belongs to the ${owner.room}, kafka.${owner.room}({ ${here ?? name} }).`;
  const near = nearest(name, names);
  return near === undefined ? `: the options are ${names.toSorted().join(', ')}.` : `: did you mean ${near}?`;
}
