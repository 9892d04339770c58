// Asks Apache Kafka and Moldau the same and prints where they answer differently:
//   node --conditions=source test/differential/run.ts [PATTERN]
//   node --conditions=source test/differential/run.ts KAFKA_HOST:PORT MOLDAU_HOST:PORT [PATTERN]
// Without addresses both are started, and stopped at the end; else both are to be fresh brokers with the settings of brokers.ts.
// The pattern picks scenarios by name and version, as in 'Fetch.* v12$'. The last line counts scenarios: `N passed, N failed`.

import { type Address, type Brokers, startBrokers } from './brokers.ts';
import { type Difference, differences } from './compare.ts';
import { isDeliberate } from './deliberate.ts';
import { ApiVersions, type Scenario } from './scenario.ts';
import { scenarios } from './scenarios/mod.ts';
import { Side, type Step } from './side.ts';

const LANES = 10;
const SLOW_MS = 3000;
const ADDRESS = /^[^ ]+:\d+$/;

interface Run {
  readonly scenario: Scenario;
  readonly version: number;
  readonly title: string;
}

const words = process.argv.slice(2);
const addresses = words.filter((word) => ADDRESS.test(word)).map(addressOf);
const pattern = words.find((word) => !ADDRESS.test(word)) ?? '';
if (addresses.length === 1 || addresses.length > 2 || words.length > addresses.length + 1) {
  console.error('usage: run.ts [KAFKA_HOST:PORT MOLDAU_HOST:PORT] [PATTERN]');
  process.exit(2);
}
const [givenKafka, givenMoldau] = addresses;
const brokers: Brokers =
  givenKafka === undefined || givenMoldau === undefined
    ? await startBrokers()
    : { kafka: givenKafka, moldau: givenMoldau, stop: async () => {} };
const { kafka, moldau } = brokers;
const runId = Date.now().toString(36);
let passed = 0;
let failed = 0;
const excused = new Map<string, number>();

try {
  const runs = await plan();
  const together = runs.filter(({ scenario }) => !scenario.isAlone);
  await Promise.all(Array.from({ length: LANES }, () => work(together)));
  await work(runs.filter(({ scenario }) => scenario.isAlone));
} finally {
  await brokers.stop();
}
for (const [reason, count] of excused) console.log(`deliberate, ${count} times: ${reason}`);
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed === 0 && passed > 0 ? 0 : 1;

async function plan(): Promise<Run[]> {
  const [ofKafka, ofMoldau] = await Promise.all([rangesOf(kafka), rangesOf(moldau)]);
  const wanted = new RegExp(pattern, 'i');
  const haveUsers = kafka.loginPort !== undefined && moldau.loginPort !== undefined;
  return scenarios.flatMap((scenario) => {
    if (scenario.logsIn && !haveUsers) return [];
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

async function work(runs: Run[]): Promise<void> {
  for (let run = runs.shift(); run !== undefined; run = runs.shift()) {
    const startedMs = performance.now();
    const [expected, actual] = await Promise.all([stepsOf(run, kafka), stepsOf(run, moldau)]);
    report(run, expected, actual, performance.now() - startedMs);
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

function report({ title }: Run, expected: readonly Step[], actual: readonly Step[], tookMs: number): void {
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
  const took = tookMs < SLOW_MS ? '' : ` (${(tookMs / 1000).toFixed(1)} s)`;
  console.log(`${title}: ${left.length === 0 ? 'same' : 'differs'}${took}`);
  for (const { path, expected: theirs, actual: ours } of left)
    console.log(`  ${path}\n      Kafka ${theirs}, Moldau ${ours}`);
}

function addressOf(text: string): Address {
  const colon = text.lastIndexOf(':');
  return { host: text.slice(0, colon), port: Number(text.slice(colon + 1)) };
}
