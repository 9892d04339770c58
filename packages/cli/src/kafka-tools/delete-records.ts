// kafka-delete-records: deletes the records of partitions that come before an offset.

import type { RecordsToDelete } from '@moldau/client';
import { KafkaError } from '@moldau/client/admin';
import { eachOutcome, javaText } from './java-errors.ts';
import { hashOrder, partitionHash } from './java-text.ts';
import { type KafkaTool, requireOptions } from './kafka-tool.ts';
import {
  adminProblem,
  commandProblem,
  documentOf,
  integerIn,
  listOf,
  objectOf,
  readJson,
  textIn,
  twins,
} from './tool-json.ts';

export const deleteRecords: KafkaTool = {
  name: 'kafka-delete-records',
  purpose: 'This tool helps to delete records of the given partitions down to the specified offset.',
  options: [
    {
      name: 'bootstrap-server',
      summary: 'REQUIRED: where to find the cluster.',
      argument: { name: 'server(s) to use for bootstrapping' },
    },
    {
      name: 'offset-json-file',
      summary: `REQUIRED: a file that says up to which offsets, as
{"partitions": [{"topic": "foo", "partition": 1, "offset": 1}], "version": 1}
The offset -1 is the end.`,
      argument: { name: 'Offset json file path' },
    },
    {
      name: 'command-config',
      summary: 'A file of properties for the client: how to log in, and the like.',
      argument: { name: 'command config property file path' },
    },
  ],
  async run(context, options) {
    requireOptions(options, 'bootstrap-server', 'offset-json-file');
    const brokers = options.get('bootstrap-server')!;
    const admin = await context.admin({ brokers, configFile: options.get('command-config') });
    const places = hashOrder(
      partitionsIn(await readJson(context, options.get('offset-json-file')!)),
      partitionHash,
    );
    const twice = twins(places.map(({ topic, partition }) => `${topic}-${partition}`));
    if (twice.length > 0)
      throw commandProblem(`Offset json file contains duplicate topic partitions: ${twice.join(',')}`);
    context.out('Executing records delete operation');
    const outcomes = await eachOutcome(places.length, () => admin.records.delete(places));
    context.out('Records delete operation completed:');
    for (const [index, { topic, partition }] of places.entries()) {
      const outcome = outcomes[index];
      const result =
        outcome instanceof KafkaError
          ? `error: ${javaText(outcome)}`
          : `low_watermark: ${outcome?.lowWatermark}`;
      context.out(`partition: ${topic}-${partition}\t${result}`);
    }
    return 0;
  },
};

function partitionsIn(json: unknown): RecordsToDelete[] {
  if (json === undefined) throw adminProblem('The input string is not a valid JSON');
  const { partitions } = documentOf(json);
  if (partitions === undefined) throw adminProblem('Missing partitions field');
  return listOf(partitions).map((each) => {
    const object = objectOf(each);
    const offset = integerIn(object, 'offset', 'Long');
    return {
      ...{ topic: textIn(object, 'topic'), partition: integerIn(object, 'partition') },
      before: offset === -1 ? 'end' : offset,
    };
  });
}
