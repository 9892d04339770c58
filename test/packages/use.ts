// What somebody who has installed the packages writes. Compiled as strictly as TypeScript can, with the declarations that were installed,
// and run: it sends and reads with every codec at the broker that is named, and starts one of its own.

import { loadConfig, startBroker } from '@moldau/broker';
import { Kafka } from '@moldau/client';
import { nodeClock } from '@moldau/io';
import * as log from '@moldau/log';
import * as metadata from '@moldau/metadata';
import { crc32c } from '@moldau/protocol';
import * as apis from '@moldau/protocol/apis';
import { TestKafka } from '@moldau/testing';
import { CODECS, sendAndRead } from './use-client.ts';

await using kafka = new Kafka({ brokers: process.argv[2]! });
await sendAndRead(kafka, 'billing');

await using test = await TestKafka.start({ topics: ['orders'] });
await sendAndRead(test.client(), 'billing');

const parts = [
  loadConfig,
  startBroker,
  nodeClock.wallMs,
  crc32c,
  ...Object.values({ ...log, ...metadata, ...apis }),
];
console.log(`sent and read with ${CODECS.join(', ')}; ${parts.length} exports of the parts are there`);
