// Checks of topics: partitions that cannot be written to or are about to be lost, settings that contradict each other, and limits of size.

import { sizeText } from '../output/units.ts';
import { type Facts, numberOf, type TopicFacts } from './facts.ts';
import { type Finding, MOST_NAMED, named } from './finding.ts';

export function checkPartitions({ topics }: Pick<Facts, 'topics'>): Finding[] {
  return topics.flatMap((topic) => [...withoutLeader(topic), ...belowMinimum(topic), ...notAllInSync(topic)]);
}

function withoutLeader({ name, partitions }: TopicFacts): Finding[] {
  const found = partitions.filter(({ leaderId }) => leaderId === undefined);
  if (found.length === 0) return [];
  const replicas = [...new Set(found.flatMap(({ replicas }) => replicas))];
  const isOnlyReplica = found.every((partition) => partition.replicas.length === 1);
  return [
    {
      ...{ severity: 'error', check: 'partition-without-leader', subject: `topic ${name}` },
      what: `${partitionsText(found)} without a leader`,
      why: 'they can be neither written to nor read',
      mend: isOnlyReplica
        ? onlyReplicaMend(name, replicas)
        : `start the brokers that have them (${named(replicas)}); when they are lost for good, \`moldau cluster elect-leaders ${name} --type unclean\` gives up what the others lack`,
    },
  ];
}

/** Nobody else could be elected. */
function onlyReplicaMend(name: string, brokerIds: readonly number[]): string {
  const [broker, it] = brokerIds.length === 1 ? ['broker that has', 'it'] : ['brokers that have', 'them'];
  return `start the ${broker} ${it} (${named(brokerIds)}); what is lost for good there is lost, for it was the only copy, and \`moldau topic delete ${name}\` lets the topic be made anew`;
}

function belowMinimum(topic: TopicFacts): Finding[] {
  const minimum = minInSync(topic);
  const found = topic.partitions.filter(
    ({ leaderId, inSyncReplicas }) => leaderId !== undefined && inSyncReplicas.length < minimum,
  );
  // When there are too few replicas at all, that is what is to be said.
  if (found.length === 0 || found.every(({ replicas }) => replicas.length < minimum)) return [];
  return [
    {
      ...{ severity: 'error', check: 'below-min-insync-replicas', subject: `topic ${topic.name}` },
      what: `${partitionsText(found)} with fewer replicas in sync than min.insync.replicas=${minimum}`,
      why: 'producers with acks=all are refused (NOT_ENOUGH_REPLICAS)',
      mend: `\`moldau topic describe ${topic.name}\` shows which replicas are missing: start their brokers, or see why they fall behind`,
    },
  ];
}

function notAllInSync(topic: TopicFacts): Finding[] {
  const minimum = minInSync(topic);
  const found = topic.partitions.filter(
    ({ leaderId, replicas, inSyncReplicas }) =>
      leaderId !== undefined && inSyncReplicas.length < replicas.length && inSyncReplicas.length >= minimum,
  );
  if (found.length === 0) return [];
  return [
    {
      ...{ severity: 'warning', check: 'under-replicated', subject: `topic ${topic.name}` },
      what: `${partitionsText(found)} not in sync on all replicas`,
      why: 'one more broker that fails makes them unwritable, or loses records',
      mend: `\`moldau topic describe ${topic.name}\` shows which replicas are missing: start their brokers, or see why they fall behind`,
    },
  ];
}

/** Settings that will hurt some day. */
export function checkTopicSettings({ topics, brokers }: Pick<Facts, 'topics' | 'brokers'>): Finding[] {
  const single: string[] = [];
  const findings: Finding[] = [];
  for (const topic of topics) {
    const replicas = Math.min(...topic.partitions.map((partition) => partition.replicas.length));
    const minimum = minInSync(topic);
    if (minimum > replicas) findings.push(impossibleMinimum(topic.name, minimum, replicas));
    else if (replicas > 1 && minimum === replicas && !topic.isInternal)
      findings.push(tightMinimum(topic.name, minimum));
    if (brokers.length > 1 && replicas === 1) single.push(topic.name);
  }
  if (single.length > 0) findings.push(singleReplica(single, brokers.length));
  return findings;
}

function impossibleMinimum(name: string, minimum: number, replicas: number): Finding {
  return {
    ...{ severity: 'error', check: 'min-insync-above-replicas', subject: `topic ${name}` },
    what: `min.insync.replicas is ${minimum}, and there ${replicas === 1 ? 'is 1 replica' : `are ${replicas} replicas`}`,
    why: 'no record sent with acks=all, which is the default, is ever taken (NOT_ENOUGH_REPLICAS)',
    mend: `\`moldau topic alter ${name} -c min.insync.replicas=${Math.max(1, replicas - 1)}\``,
  };
}

function tightMinimum(name: string, minimum: number): Finding {
  return {
    ...{ severity: 'warning', check: 'min-insync-equals-replicas', subject: `topic ${name}` },
    what: `min.insync.replicas is ${minimum}, as many as there are replicas`,
    why: 'no broker can be restarted without producers being refused meanwhile',
    mend: `\`moldau topic alter ${name} -c min.insync.replicas=${minimum - 1}\``,
  };
}

function singleReplica(names: readonly string[], brokerCount: number): Finding {
  return {
    ...{ severity: 'warning', check: 'single-replica', subject: `topics ${named(names)}` },
    what: `one replica each, in a cluster of ${brokerCount} brokers`,
    why: 'acks=all waits for that one alone: when its broker fails, the partitions are away, and when its disk does, the records',
    mend: `\`moldau topic move ${names.slice(0, MOST_NAMED).join(' ')} --replication-factor ${Math.min(3, brokerCount)}\` adds replicas; default.replication.factor in the brokers’ configuration makes topics with more from now on`,
  };
}

/** Limits of size that contradict each other, so that a record is taken here and refused there. */
export function checkSizes({
  topics,
  brokers,
  clientMaxRequestBytes,
}: Pick<Facts, 'topics' | 'brokers' | 'clientMaxRequestBytes'>): Finding[] {
  const findings: Finding[] = [];
  const valuesOf = (name: string) =>
    new Map(brokers.flatMap(({ id, configs }) => [[id, numberOf(configs.get(name))] as const]));
  const limits = [...valuesOf('message.max.bytes')].filter(([, value]) => value !== undefined);
  if (new Set(limits.map(([, value]) => value)).size > 1) {
    findings.push({
      ...{ severity: 'warning', check: 'message-size-brokers', subject: 'message.max.bytes' },
      what: `brokers disagree: ${limits.map(([id, value]) => `${value} on ${id}`).join(', ')}`,
      why: 'a record is taken or refused depending on which broker leads its partition, and changes when leaders do',
      mend: `\`moldau config set broker default message.max.bytes=${Math.max(...limits.map(([, value]) => value!))}\``,
    });
  }
  const requests = [...valuesOf('socket.request.max.bytes').values()].filter((value) => value !== undefined);
  const smallestRequest = Math.min(...requests);
  const above: SizedTopic[] = [];
  const below: SizedTopic[] = [];
  for (const { name, isInternal, configs } of topics) {
    const { value, isDefault = true } = configs.get('max.message.bytes') ?? {};
    const limit = numberOf(value);
    if (limit === undefined || isInternal) continue;
    if (limit > smallestRequest) findings.push(largerThanRequest(name, limit, smallestRequest));
    else if (clientMaxRequestBytes === undefined) continue;
    else if (clientMaxRequestBytes > limit) above.push({ name, limit });
    else if (clientMaxRequestBytes < limit && !isDefault) below.push({ name, limit });
  }
  if (above.length > 0) findings.push(clientAboveTopics(above, clientMaxRequestBytes!));
  if (below.length > 0) findings.push(clientBelowTopics(below, clientMaxRequestBytes!));
  return findings;
}

interface SizedTopic {
  readonly name: string;
  readonly limit: number;
}

function largerThanRequest(name: string, limit: number, request: number): Finding {
  return {
    ...{ severity: 'warning', check: 'message-size-request', subject: `topic ${name}` },
    what: `max.message.bytes is ${sizeText(limit)}, and brokers hang up at requests above socket.request.max.bytes, ${sizeText(request)}`,
    why: 'a producer that sends what the topic allows loses its connection, again and again, with no error that says why',
    mend: `\`moldau topic alter ${name} -c max.message.bytes=${request}\`, or a higher socket.request.max.bytes in the brokers’ configuration`,
  };
}

/** One finding for all, as most topics have the same limit. */
function clientAboveTopics(topics: readonly SizedTopic[], request: number): Finding {
  const names = topics.map(({ name }) => name);
  const smallest = Math.min(...topics.map(({ limit }) => limit));
  return {
    ...{ severity: 'note', check: 'message-size-client', subject: subjectOf(names) },
    what: `this client sends requests up to max.request.size, ${sizeText(request)}, and batches are taken up to ${sizeText(smallest)}`,
    why: 'records between the two are sent, and refused by the broker (MESSAGE_TOO_LARGE)',
    mend: `\`moldau topic alter ${names.slice(0, MOST_NAMED).join(' ')} -c max.message.bytes=${request}\`, if such records are meant to be taken`,
  };
}

function clientBelowTopics(topics: readonly SizedTopic[], request: number): Finding {
  const largest = Math.max(...topics.map(({ limit }) => limit));
  return {
    ...{ severity: 'warning', check: 'message-size-client' },
    subject: subjectOf(topics.map(({ name }) => name)),
    what: `batches up to ${sizeText(largest)} were meant to be taken, and this client sends none above max.request.size, ${sizeText(request)}`,
    why: 'the client refuses records that the topic would take',
    mend: `-X max.request.size=${largest}, or max.request.size=${largest} in the client’s configuration`,
  };
}

function subjectOf(names: readonly string[]): string {
  return `topic${names.length === 1 ? '' : 's'} ${named(names)}`;
}

function minInSync({ configs }: TopicFacts): number {
  return numberOf(configs.get('min.insync.replicas')?.value) ?? 1;
}

function partitionsText(partitions: readonly { readonly index: number }[]): string {
  const [only] = partitions;
  if (partitions.length === 1) return `partition ${only!.index} is`;
  return `${partitions.length} partitions (${named(partitions.map(({ index }) => index))}) are`;
}
