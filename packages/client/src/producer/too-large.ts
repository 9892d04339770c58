// A record that is larger than something allows: which limit that is, and where it is raised.

import { describeConfigsRequest, describeConfigsResponse, ErrorCode } from '@moldau/protocol';
import type { Cluster } from '../cluster/cluster.ts';
import { BrokerError, KafkaError } from '../errors/kafka-error.ts';
import type { Batch } from './batch.ts';

const API = { request: describeConfigsRequest, response: describeConfigsResponse, minVersion: 1 };
const TOPIC_RESOURCE = 2;
/** Of a config that was set for the topic itself. */
const TOPIC_SOURCE = 1;
const PATIENCE_MS = 5_000;

/** For a batch of one record that the broker refused. Never rejects. */
export async function explainTooLarge(cluster: Cluster, batch: Batch): Promise<KafkaError> {
  const { topic, partition, sizeBytes } = batch;
  const limit = await limitOf(cluster, topic).catch(() => undefined);
  const explain = (said: string): BrokerError =>
    new BrokerError(ErrorCode.MESSAGE_TOO_LARGE, {
      ...{ topic, partition, said, saysAll: true },
      cause: batch.lastError,
    });
  const what = `the record makes a batch of ${sizeBytes} bytes`;
  if (limit === undefined) {
    return explain(
      `${what}, which is more than the topic's max.message.bytes or, where it has none, its broker's message.max.bytes. Raise it for the topic: admin.configs.alter(), or kafka-configs.sh --alter --entity-type topics --entity-name ${topic} --add-config max.message.bytes=${sizeBytes}.`,
    );
  }
  const whose = limit.isOfTopic
    ? `the topic's max.message.bytes is ${limit.value}`
    : `message.max.bytes of the broker is ${limit.value}, and the topic has no max.message.bytes of its own`;
  return explain(
    `${what}, and ${whose}. Set max.message.bytes of the topic to ${sizeBytes} or more, send the record in parts, or compress it.`,
  );
}

async function limitOf(
  cluster: Cluster,
  topic: string,
): Promise<{ value: string; isOfTopic: boolean } | undefined> {
  const resource = {
    ...{ resourceType: TOPIC_RESOURCE, resourceName: topic },
    configurationKeys: ['max.message.bytes'],
  };
  const answer = await cluster.request(
    API,
    { resources: [resource], includeSynonyms: false, includeDocumentation: false },
    { to: 'any', timeoutMs: PATIENCE_MS },
  );
  const config = answer.results[0]?.configs.find(({ name }) => name === 'max.message.bytes');
  if (config === undefined || config.value === null) return undefined;
  return { value: config.value, isOfTopic: config.configSource === TOPIC_SOURCE };
}

/** For a record that is not even sent. */
export function largerThanRequest(topic: string, sizeBytes: number, maxRequestBytes: number): KafkaError {
  return new KafkaError(
    'MESSAGE_TOO_LARGE',
    `${topic}: the record has ${sizeBytes} bytes, and maxRequestBytes of the producer allows ${maxRequestBytes}: raise it there. The topic's max.message.bytes has to allow it too.`,
    { topic },
  );
}
