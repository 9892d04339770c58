// What each tool says of addresses that cannot be, beside Kafka's own.

import { after, before, describe, it } from 'node:test';
import { SideBySide } from './side-by-side.ts';

let both: SideBySide;
before(async () => {
  both = await SideBySide.start();
});
after(async () => await both.stop());

/** How each is asked for something simple, and how it ends when it cannot be done. */
const TOOLS: readonly (readonly [tool: string, words: string, code: number])[] = [
  ['kafka-topics', '--list', 1],
  ['kafka-configs', '--describe --topic a', 1],
  ['kafka-consumer-groups', '--list', 0],
  ['kafka-share-groups', '--list', 0],
  ['kafka-groups', '--list', 1],
  ['kafka-get-offsets', '--topic a', 1],
  ['kafka-log-dirs', '--describe', 1],
  ['kafka-acls', '--list', 1],
  ['kafka-leader-election', '--election-type preferred --all-topic-partitions', 1],
  ['kafka-reassign-partitions', '--list', 1],
];

describe('addresses that cannot be', { timeout: 240_000 }, () => {
  for (const [tool, words, code] of TOOLS) {
    it(`are refused by ${tool}`, async () => {
      for (const address of ['nowhere', 'no-such-host.invalid:9092', 'a:b', 'a b:1'])
        await both.sameWords(tool, ['--bootstrap-server', address, ...words.split(' ')], { code });
    });
    it(`and files that are not there by ${tool}`, async () => {
      await both.all(tool, [`${words} --command-config /no/such/file`], { code });
    });
  }
});
