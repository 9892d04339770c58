// Asks Apache Kafka and Moldau the same and prints where they answer differently:
//   node --conditions=source test/differential/run.ts KAFKA_HOST:PORT MOLDAU_HOST:PORT [PATTERN]
// Both are to be fresh brokers with group.initial.rebalance.delay.ms=0. The pattern picks scenarios by name.

import { type Difference, differences } from './compare.ts';
import { isDeliberate } from './deliberate.ts';
import { ApiVersions, type Scenario } from './scenario.ts';
import { scenarios } from './scenarios/mod.ts';
import { Side, type Step } from './side.ts';

const LANES = 4;

interface Address {
  readonly host: string;
  readonly port: number;
}

interface Run {
  readonly scenario: Scenario;
  readonly version: number;
  readonly title: string;
}

const [kafkaText, moldauText, pattern = ''] = process.argv.slice(2);
if (kafkaText === undefined || moldauText === undefined) {
  console.error('usage: run.ts KAFKA_HOST:PORT MOLDAU_HOST:PORT [PATTERN]');
  process.exit(2);
}
const kafka = addressOf(kafkaText);
const moldau = addressOf(moldauText);
const runId = Date.now().toString(36);
const runs = await plan();
let passed = 0;
let failed = 0;
const excused = new Map<string, number>();

await Promise.all(Array.from({ length: LANES }, work));
for (const [reason, count] of excused) console.log(`deliberate, ${count} times: ${reason}`);
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;

async function plan(): Promise<Run[]> {
  const [ofKafka, ofMoldau] = await Promise.all([rangesOf(kafka), rangesOf(moldau)]);
  const wanted = new RegExp(pattern, 'i');
  return scenarios.flatMap((scenario) => {
    const [theirs, ours] = [ofKafka.get(scenario.apiKey), ofMoldau.get(scenario.apiKey)];
    if (theirs === undefined || ours === undefined) return [];
    const first = Math.max(theirs.minVersion, ours.minVersion, scenario.from);
    const last = Math.min(theirs.maxVersion, ours.maxVersion, scenario.to);
    return Array.from({ length: Math.max(0, last - first + 1) }, (_, index) => first + index)
      .map((version) => ({ scenario, version, title: `${scenario.name} v${version}` }))
      .filter(({ title }) => wanted.test(title));
  });
}

async function rangesOf(address: Address): Promise<Map<number, { minVersion: number; maxVersion: number }>> {
  const side = new Side(address, '');
  const { apiKeys } = await side.quietly(ApiVersions, 3, {
    clientSoftwareName: 'differential',
    clientSoftwareVersion: '1',
  });
  side.close();
  return new Map(apiKeys.map((range) => [range.apiKey, range]));
}

async function work(): Promise<void> {
  for (let run = runs.shift(); run !== undefined; run = runs.shift()) {
    const [expected, actual] = await Promise.all([stepsOf(run, kafka), stepsOf(run, moldau)]);
    report(run, expected, actual);
  }
}

async function stepsOf({ scenario, version, title }: Run, address: Address): Promise<readonly Step[]> {
  const prefix = `${runId}.${title.replaceAll(/[^A-Za-z0-9]+/g, '-')}.`;
  const side = new Side(address, prefix);
  try {
    await scenario.run(side, version);
  } catch (error) {
    side.steps.push({ label: 'the scenario itself', answer: (error as Error).stack });
  }
  side.close();
  return side.steps;
}

function report({ title }: Run, expected: readonly Step[], actual: readonly Step[]): void {
  const found: Difference[] = [];
  for (let index = 0; index < Math.max(expected.length, actual.length); index++) {
    const label = expected[index]?.label ?? actual[index]?.label ?? '';
    found.push(...differences(expected[index]?.answer, actual[index]?.answer, `${label}: `));
  }
  for (const { label, answer } of expected)
    if (label === 'the scenario itself') found.push({ path: label, expected: String(answer), actual: '' });
  const left = found.filter((difference) => {
    const excuse = isDeliberate(title, difference);
    if (excuse !== undefined) excused.set(excuse.reason, (excused.get(excuse.reason) ?? 0) + 1);
    return excuse === undefined;
  });
  if (left.length === 0) passed += 1;
  else failed += 1;
  console.log(`${title}: ${left.length === 0 ? 'same' : 'differs'}`);
  for (const { path, expected: theirs, actual: ours } of left)
    console.log(`  ${path}\n      Kafka ${theirs}, Moldau ${ours}`);
}

function addressOf(text: string): Address {
  const colon = text.lastIndexOf(':');
  return { host: text.slice(0, colon), port: Number(text.slice(colon + 1)) };
}
