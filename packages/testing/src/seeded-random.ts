// Randomness that repeats: the same seed gives the same run.

import { nodeRandom, type Random } from '@moldau/io';

/** The splitmix-like 32-bit mixer known as mulberry32: small, and good enough to vary tests. */
export class SeededRandom implements Random {
  readonly seed: number;
  #state: number;

  constructor(seed: number) {
    this.seed = seed >>> 0;
    this.#state = this.seed;
  }

  #next32(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let mixed = this.#state;
    mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return (mixed ^ (mixed >>> 14)) >>> 0;
  }

  next(): number {
    return this.#next32() / 2 ** 32;
  }

  bytes(count: number): Buffer {
    const bytes = Buffer.alloc(count);
    for (let index = 0; index < count; index++) bytes[index] = this.#next32() >>> 24;
    return bytes;
  }

  /** An integer from 0 to count - 1. */
  below(count: number): number {
    return Math.floor(this.next() * count);
  }

  /** One of the values, each as likely. */
  pick<T>(values: readonly T[]): T {
    const value = values[this.below(values.length)];
    if (value === undefined) throw new Error('nothing to pick from');
    return value;
  }

  /** True so often of 1. */
  chance(probability: number): boolean {
    return this.next() < probability;
  }
}

type Environment = Readonly<Record<string, string | undefined>>;

/** In CI a change is judged, not luck: there the seeds are always the same, and everywhere else new ones are tried. */
const CI_SEED = 1;

/** SEED of the environment, which repeats the run that named it. @throws Error when it is no seed */
export function givenSeed({ SEED }: Environment = process.env): number | undefined {
  if (SEED === undefined) return undefined;
  if (!/^\d+$/.test(SEED)) throw new Error(`SEED is the whole number that a failed test named, not ${SEED}`);
  return Number(SEED);
}

/** The seed of a test, which names it when it fails. */
export function seedOf(environment: Environment = process.env): number {
  return givenSeed(environment) ?? (environment.CI ? CI_SEED : Math.floor(nodeRandom.next() * 2 ** 32));
}

/** As many seeds as SEEDS of the environment says, or else `count`, after those that once found something; the given one alone. */
export function seedsOf(
  count: number,
  found: readonly number[] = [],
  environment: Environment = process.env,
): readonly number[] {
  const first = seedOf(environment);
  if (environment.SEED !== undefined) return [first];
  return [
    ...found,
    ...Array.from({ length: Number(environment.SEEDS ?? count) }, (_, index) => first + index),
  ];
}
