// What goes in and out, by topic: plain numbers in objects that partitions hold, so that counting is an addition.
//
// Invariants: at most maxTopics topics have figures of their own, the others share one object for good, so that no number ever falls; what a
// deleted topic had counted stays in the total.

export class TopicFigures {
  messagesIn = 0;
  bytesIn = 0;
  bytesOut = 0;
  /** Of records that were too large. */
  bytesRejected = 0;
  /** Appends to and reads of one partition each, as Kafka counts them. */
  produceRequests = 0;
  failedProduceRequests = 0;
  fetchRequests = 0;
  failedFetchRequests = 0;

  add(other: TopicFigures): void {
    this.messagesIn += other.messagesIn;
    this.bytesIn += other.bytesIn;
    this.bytesOut += other.bytesOut;
    this.bytesRejected += other.bytesRejected;
    this.produceRequests += other.produceRequests;
    this.failedProduceRequests += other.failedProduceRequests;
    this.fetchRequests += other.fetchRequests;
    this.failedFetchRequests += other.failedFetchRequests;
  }
}

/** What stands for the topics without figures of their own; no topic can be called that. */
export const OTHER_TOPICS = '(others)';

export class TopicTraffic {
  readonly #maxTopics: number;
  readonly #byTopic = new Map<string, TopicFigures>();
  readonly #others = new TopicFigures();
  readonly #deleted = new TopicFigures();
  /** Topics that share those figures. */
  readonly #otherTopics = new Set<string>();
  /** Of requests for topics that do not exist. */
  readonly unknown = new TopicFigures();

  constructor(maxTopics: number) {
    this.#maxTopics = maxTopics;
  }

  /** To be kept by whoever counts. */
  of(topic: string): TopicFigures {
    const known = this.#byTopic.get(topic);
    if (known !== undefined) return known;
    if (this.#byTopic.size >= this.#maxTopics) {
      this.#otherTopics.add(topic);
      return this.#others;
    }
    const figures = new TopicFigures();
    this.#byTopic.set(topic, figures);
    return figures;
  }

  /** The topic is gone. */
  remove(topic: string): void {
    this.#otherTopics.delete(topic);
    const figures = this.#byTopic.get(topic);
    if (figures === undefined) return;
    this.#byTopic.delete(topic);
    this.#deleted.add(figures);
  }

  *shown(): Iterable<[topic: string, figures: TopicFigures]> {
    yield* this.#byTopic;
    if (this.#others.produceRequests + this.#others.fetchRequests > 0) yield [OTHER_TOPICS, this.#others];
  }

  /** How many topics have no figures of their own. */
  get leftOutCount(): number {
    return this.#otherTopics.size;
  }

  total(): TopicFigures {
    const total = new TopicFigures();
    for (const figures of [...this.#byTopic.values(), this.#others, this.#deleted, this.unknown])
      total.add(figures);
    return total;
  }
}
