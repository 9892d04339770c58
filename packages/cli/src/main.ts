// Where every start begins, by bin/moldau.js: one of Kafka's tools when it was called by such a name, or has one as its first word, else the moldau command.

import { openNodeStandardOutputs } from '@moldau/io/standard-outputs';
import { askedTool } from './kafka-tools/tools.ts';

openNodeStandardOutputs();
const asked = askedTool(process.argv.slice(1));
if (asked === undefined) {
  const { runMoldau } = await import('./moldau-command.ts');
  await runMoldau();
} else {
  const { runAsked } = await import('./kafka-tools/run-asked.ts');
  await runAsked(asked);
}
