// Runs what the documentation shows, as a reader would: `node --conditions=source test/docs/run.ts [PAGE...]`.
//
// Each page has a folder, ports and a broker of its own; page.ts says how a page is read, place.ts where its commands run, expected.ts how
// their output is compared. Prints a line for each page, what was not run and why, and at last `N passed, N failed`.

import { globSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { Kafka } from '@moldau/client';
import { aptPackage, pythonPackages, venvDirectory } from '../interop/harness/install.ts';
import { isAsShown } from './expected.ts';
import { type Commands, type NotRun, type Step, stepsOf } from './page.ts';
import { type Background, Place, type PlaceOptions, saysInTime } from './place.ts';
import { examplesOf, isServer, REFERENCE_SETTINGS, Reference } from './reference.ts';

const ROOT = resolve(import.meta.dirname, '../..');
/** They wait more than they work. */
const PAGES_AT_ONCE = 4;
/** Machines may have other things to do. */
const BLOCK_TIMEOUT_MS = 120_000;
const READY_TIMEOUT_MS = 90_000;
const REFERENCE = 'docs/commands.md';
const LONG = new Set([REFERENCE, 'README.md', 'docs/faq.md', 'docs/operations.md']);
const READY = '…\nMoldau is ready on …\n…';
const SERVER = /\bmoldau server\b|\bnpm start\b|moldau -- server/;
const CHECKOUT = /\bnpm (start|run)\b/;
const INTEROP = join(ROOT, 'test/interop');
const folders = { root: INTEROP, cache: join(INTEROP, '.cache') };

interface Result {
  readonly page: string;
  readonly passed: number;
  readonly failures: readonly string[];
  readonly notRun: readonly NotRun[];
  readonly seconds: number;
}

async function runPage(page: string, installed: Omit<PlaceOptions, 'isCheckout'>): Promise<Result> {
  const beginMs = performance.now();
  const text = readFileSync(join(ROOT, page), 'utf8');
  const steps = stepsOf(text);
  const commands = commandsAmong(steps);
  const failures: string[] = [];
  let passed = 0;
  if (commands.length > 0) {
    const place = await Place.make({
      ...installed,
      isCheckout: commands.some((step) => CHECKOUT.test(step.text)),
    });
    try {
      const run = new PageRun(place);
      if (!commands.some(startsBroker)) await run.startBroker();
      for (const step of stepsOf(place.here(text))) {
        const failure = await run.take(step);
        if (step.kind === 'commands' || step.kind === 'background') passed += failure === undefined ? 1 : 0;
        if (failure === undefined) continue;
        failures.push(`${page}:${step.line} ${failure}`);
        break;
      }
      if (failures.length === 0)
        failures.push(...(await run.finish()).map((failure) => `${page}:${failure}`));
    } finally {
      await place.remove();
    }
  }
  const notRun = steps.filter((step) => step.kind === 'not-run');
  return { page, passed, failures, notRun, seconds: (performance.now() - beginMs) / 1_000 };
}

function commandsAmong(steps: readonly Step[]): Commands[] {
  return steps.filter((step): step is Commands => step.kind === 'commands' || step.kind === 'background');
}

/** The examples of the reference: each by itself, so that one that fails stops none of the others. */
async function runReference(page: string, installed: Omit<PlaceOptions, 'isCheckout'>): Promise<Result> {
  const beginMs = performance.now();
  const examples = examplesOf(readFileSync(join(ROOT, page), 'utf8'));
  const failures: string[] = [];
  const place = await Place.make({ ...installed, isCheckout: false });
  try {
    place.save('server.properties', place.here('listeners=PLAINTEXT://127.0.0.1:9092\nnum.partitions=3\n'));
    for (const example of examples.filter(isServer)) {
      const run = new PageRun(place);
      const step = { ...example, kind: 'background', exitCode: 0, expected: undefined } as const;
      const text = place.here(`moldau ${example.text}`);
      const failure =
        (await run.take({ ...step, text, expectedInTheEnd: undefined })) ??
        (await run.take({ kind: 'stop', line: example.line, signal: 'SIGINT' }));
      if (failure !== undefined) failures.push(`${page}:${example.line} ${failure}`);
    }
    const settings = REFERENCE_SETTINGS.map((setting) => ` --set '${place.here(setting)}'`);
    await new PageRun(place).startBroker(`moldau server${settings.join('')}`);
    await using kafka = new Kafka({ brokers: place.here('127.0.0.1:9092') });
    const reference = new Reference(place, kafka);
    await reference.prepare();
    for (const example of examples.filter((each) => !isServer(each))) {
      const failure = await reference.run(example);
      if (failure !== undefined) failures.push(`${page}:${example.line} ${failure}`);
    }
  } finally {
    await place.remove();
  }
  const passed = examples.length - failures.length;
  return { page, passed, failures, notRun: [], seconds: (performance.now() - beginMs) / 1_000 };
}

/** The one at the usual port: a page may have another beside it. */
function startsBroker({ kind, text }: Commands): boolean {
  return kind === 'background' && SERVER.test(text) && !text.includes(':9093');
}

/** One after the other, as later steps build on earlier ones. */
class PageRun {
  readonly #place: Place;
  /** Whose output is looked at when the page, or they, come to their end. */
  readonly #open: { step: Commands; background: Background }[] = [];

  constructor(place: Place) {
    this.#place = place;
  }

  async startBroker(command = 'moldau server'): Promise<void> {
    const broker = this.#place.startInBackground(command);
    if (!(await saysInTime(broker, READY, READY_TIMEOUT_MS))) throw new Error(broker.output());
  }

  /** Resolves to what is wrong, if something is. */
  async take(step: Step): Promise<string | undefined> {
    if (step.kind === 'file') this.#place.save(step.name, step.text);
    if (step.kind === 'commands') return this.#run(step);
    if (step.kind === 'background') return this.#start(step);
    if (step.kind === 'stop') return this.#stop(step.signal);
    return undefined;
  }

  /** Looks at what those in the background have printed in the end. */
  async finish(): Promise<string[]> {
    const failures: string[] = [];
    for (const { step, background } of this.#open) {
      const shown = step.expectedInTheEnd;
      if (shown !== undefined && !(await saysInTime(background, shown, READY_TIMEOUT_MS)))
        failures.push(`${step.line} ${differs(step.text, background.output(), shown)}`);
    }
    return failures;
  }

  async #run(step: Commands): Promise<string | undefined> {
    const { code, output } = await this.#place.run(step.text, BLOCK_TIMEOUT_MS);
    if (code !== step.exitCode)
      return `ended with ${code ?? 'a signal, as it took too long'}:\n${step.text}${output}`;
    if (step.expected !== undefined && !isAsShown(output, step.expected))
      return differs(step.text, output, step.expected);
    return undefined;
  }

  async #start(step: Commands): Promise<string | undefined> {
    const background = this.#place.startInBackground(step.text);
    const shown = step.expected ?? (SERVER.test(step.text) ? READY : undefined);
    if (shown !== undefined && !(await saysInTime(background, shown, READY_TIMEOUT_MS)))
      return differs(step.text, background.output(), shown);
    this.#open.push({ step, background });
    return undefined;
  }

  async #stop(signal: NodeJS.Signals): Promise<string | undefined> {
    const failures = await this.finish();
    const stopped = this.#open.pop();
    const code = await this.#place.stopLast(signal);
    // npm itself does not outlive what stops its command.
    const isKilled = signal === 'SIGKILL' || (code === null && stopped?.step.text.startsWith('npm '));
    if (failures.length === 0 && (isKilled || code === 0 || code === 130)) return undefined;
    return [...failures, `it ended with ${code}`].join('\n');
  }
}

function differs(text: string, printed: string, shown: string): string {
  return `printed something else than is shown:\n${text}--- printed\n${printed}--- shown\n${shown}`;
}

function indented(text: string): string {
  return `    ${text.trimEnd().replaceAll('\n', '\n    ')}`;
}

await Promise.all([
  pythonPackages(folders, 'confluent-kafka'),
  aptPackage('kcat', ['kcat', '-V']),
  aptPackage('jq', ['jq', '--version']),
  aptPackage('curl', ['curl', '--version']),
  aptPackage('openssl', ['openssl', 'version']),
]);
const installed = {
  path: [join(venvDirectory(folders, 'confluent-kafka'), 'bin')],
  packages: {
    '@moldau': join(ROOT, 'node_modules/@moldau'),
  },
};
const named = process.argv.slice(2);
const pages = named.length > 0 ? named : ['README.md', ...globSync('docs/*.md', { cwd: ROOT }).sort()];
// The longest first.
const waiting = pages.toSorted((one, other) => Number(LONG.has(other)) - Number(LONG.has(one)));
const results: Result[] = [];
await Promise.all(
  Array.from({ length: PAGES_AT_ONCE }, async () => {
    for (let page = waiting.shift(); page !== undefined; page = waiting.shift()) {
      const run = page === REFERENCE ? runReference : runPage;
      const result = await run(page, installed).catch(
        (error: unknown): Result => ({
          page: page!,
          passed: 0,
          failures: [String(error)],
          notRun: [],
          seconds: 0,
        }),
      );
      results.push(result);
      const state = result.failures.length === 0 ? 'ok    ' : 'FAILED';
      console.log(`${state} ${result.page}: ${result.passed} blocks, ${result.seconds.toFixed(1)} s`);
      for (const failure of result.failures) console.log(indented(failure));
    }
  }),
);
for (const { page, notRun } of results)
  for (const { line, reason } of notRun) console.log(`not run: ${page}:${line}, ${reason}`);
const sum = (of: (result: Result) => number) => results.reduce((all, result) => all + of(result), 0);
const failed = sum(({ failures }) => failures.length);
console.log(`${sum(({ passed }) => passed)} passed, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;
