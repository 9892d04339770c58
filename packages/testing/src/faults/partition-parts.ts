// Requests to the leaders of partitions: which partitions one names, how to take some of them out, and how to put the refusals of those into the answer.
//
// Messages are seen by the names of their fields here, as the tables below list them; the schemas check the rest when they are encoded.

import { failedAnswer } from '@moldau/broker';
import { apiName } from './proxied-request.ts';

type Fields = Readonly<Record<string, unknown>>;

export interface Part {
  /** Undefined when clients speak of it by an id that nobody has told. */
  readonly topic: string | undefined;
  readonly partition: number;
}

interface Shape {
  readonly topics: string;
  readonly name: string;
  readonly partitions: string;
  /** Undefined: the partitions are plain numbers. */
  readonly index: string | undefined;
  /** Of the answer: its topics, and their partitions. */
  readonly answers: string;
  readonly answered: string;
}

/** APIs whose partitions stand for themselves; Fetch, which has sessions, is told apart by its callers. */
const SHAPES: Readonly<Record<string, Shape>> = {
  Produce: {
    topics: 'topicData',
    name: 'name',
    partitions: 'partitionData',
    index: 'index',
    answers: 'responses',
    answered: 'partitionResponses',
  },
  Fetch: {
    topics: 'topics',
    name: 'topic',
    partitions: 'partitions',
    index: 'partition',
    answers: 'responses',
    answered: 'partitions',
  },
  ListOffsets: shape('name', 'partitionIndex'),
  DeleteRecords: shape('name', 'partitionIndex'),
  OffsetForLeaderEpoch: shape('topic', 'partition'),
  DescribeProducers: { ...shape('name', undefined), partitions: 'partitionIndexes' },
};

function shape(name: string, index: string | undefined): Shape {
  return {
    topics: 'topics',
    name,
    partitions: 'partitions',
    index,
    answers: 'topics',
    answered: 'partitions',
  };
}

type TopicNames = (id: string) => string | undefined;

export function isByPartition(apiKey: number): boolean {
  return SHAPES[apiName(apiKey)] !== undefined;
}

/** The partitions that a request names. */
export function partsOf(apiKey: number, body: object, names: TopicNames): Part[] {
  const shape = SHAPES[apiName(apiKey)];
  if (shape === undefined) return [];
  return (body as Record<string, Fields[]>)[shape.topics]!.flatMap((topic) =>
    (topic[shape.partitions] as unknown[]).map((partition) => partOf(topic, partition, shape, names)),
  );
}

/** A body with those of its partitions that are chosen, as `change` makes them. */
export function withParts(
  apiKey: number,
  body: object,
  names: TopicNames,
  change: (part: Part, partition: unknown) => unknown,
): { body: object; count: number } {
  const shape = SHAPES[apiName(apiKey)]!;
  let count = 0;
  const topics = (body as Record<string, Fields[]>)[shape.topics]!.flatMap((topic) => {
    const partitions = (topic[shape.partitions] as unknown[]).flatMap((partition) => {
      const changed = change(partOf(topic, partition, shape, names), partition);
      return changed === undefined ? [] : [changed];
    });
    count += partitions.length;
    return partitions.length === 0 ? [] : [{ ...topic, [shape.partitions]: partitions }];
  });
  return { body: { ...body, [shape.topics]: topics }, count };
}

/** The answer with the refusals of the partitions that were taken out, each topic once. */
export function withRefusals(apiKey: number, answer: object, refused: object): object {
  const { answers, answered, name } = SHAPES[apiName(apiKey)]!;
  const topics = new Map<string, Fields>();
  for (const topic of [answer, refused].flatMap((each) => (each as Record<string, Fields[]>)[answers]!)) {
    const key = `${topic[name]}/${topic.topicId}`;
    const there = topics.get(key);
    const partitions = [...((there?.[answered] as unknown[]) ?? []), ...(topic[answered] as unknown[])];
    topics.set(key, { ...there, ...topic, [answered]: partitions });
  }
  return { ...answer, [answers]: [...topics.values()] };
}

/** The refusal of all partitions of a body; undefined when no answer is awaited. */
export function refusalOf(apiKey: number, body: object, code: number, message: string): object | undefined {
  return failedAnswer(apiKey, body, code, message) as object | undefined;
}

function partOf(topic: Fields, partition: unknown, { name, index }: Shape, names: TopicNames): Part {
  const named = topic[name];
  return {
    topic: typeof named === 'string' && named !== '' ? named : names(String(topic.topicId)),
    partition: Number(index === undefined ? partition : (partition as Fields)[index]),
  };
}
