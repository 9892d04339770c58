// What is counted whether somebody looks or not.

import { RequestFigures } from './request-figures.ts';
import { TopicTraffic } from './topic-traffic.ts';

export class Figures {
  readonly topics: TopicTraffic;
  readonly requests = new RequestFigures();
  /** Produce requests that wait for the disk, by partition. */
  producesWaiting = 0;

  constructor(options: { readonly maxTopics: number }) {
    this.topics = new TopicTraffic(options.maxTopics);
  }
}
