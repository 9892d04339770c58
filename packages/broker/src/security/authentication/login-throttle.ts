// Failed logins by the address they come from, so that passwords cannot be guessed as fast as the network goes.
//
// Each address may fail so many times a second on average, and ten seconds' worth at once. While it is over that no login from it is looked at,
// not even a right one: whoever opens many connections at a time must not learn more. Logins that succeed cost nothing, so any number of clients
// behind one address may come at once.
//
// Invariant: memory is bounded. When more addresses have failed lately than are remembered, the one that failed longest ago is forgotten.

const BURST_SECONDS = 10;
const MAX_ADDRESSES = 10_000;
/** IPv6 gives every customer a network of this many bits, so an address within it says little. */
const IPV6_NETWORK_GROUPS = 4;

interface Failures {
  /** As of atMs; it falls by the rate each second. */
  count: number;
  atMs: number;
}

export interface LoginThrottleOptions {
  /** Failures a second; asked at each use. 0 for no limit. */
  readonly rate: () => number;
  readonly maxAddresses?: number;
}

/** Times are those of the monotonic clock, in milliseconds. */
export class LoginThrottle {
  readonly #rate: () => number;
  readonly #maxAddresses: number;
  /** The one that failed longest ago first. */
  readonly #failures = new Map<string, Failures>();

  constructor({ rate, maxAddresses = MAX_ADDRESSES }: LoginThrottleOptions) {
    this.#rate = rate;
    this.#maxAddresses = maxAddresses;
  }

  /** Addresses that are remembered. */
  get size(): number {
    return this.#failures.size;
  }

  /** A login from this address may be looked at. */
  admits(address: string, nowMs: number): boolean {
    const rate = this.#rate();
    const failures = this.#failures.get(networkOf(address));
    return rate === 0 || failures === undefined || remaining(failures, rate, nowMs) < rate * BURST_SECONDS;
  }

  failed(address: string, nowMs: number): void {
    const rate = this.#rate();
    if (rate === 0) return;
    const network = networkOf(address);
    const known = this.#failures.get(network);
    const count = known === undefined ? 0 : remaining(known, rate, nowMs);
    this.#failures.delete(network);
    this.#failures.set(network, { count: count + 1, atMs: nowMs });
    this.#forget(rate, nowMs);
  }

  /** Drops addresses that are back to zero, and then as many as there are too many. */
  #forget(rate: number, nowMs: number): void {
    for (const [network, failures] of this.#failures) {
      const isOver = remaining(failures, rate, nowMs) <= 0;
      if (!isOver && this.#failures.size <= this.#maxAddresses) return;
      this.#failures.delete(network);
    }
  }
}

function remaining({ count, atMs }: Failures, rate: number, nowMs: number): number {
  return Math.max(0, count - ((nowMs - atMs) / 1000) * rate);
}

/** The address, or of IPv6 the network it is in; '::ffff:10.0.0.1' is 10.0.0.1. */
function networkOf(address: string): string {
  if (!address.includes(':')) return address;
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address);
  if (mapped !== null) return mapped[1]!;
  const [head = '', tail] = address.split('::', 2);
  const groups = head === '' ? [] : head.split(':');
  if (tail !== undefined) {
    const ends = tail === '' ? 0 : tail.split(':').length;
    groups.push(
      ...Array(Math.max(0, 8 - groups.length - ends)).fill('0'),
      ...(tail === '' ? [] : tail.split(':')),
    );
  }
  return groups.slice(0, IPV6_NETWORK_GROUPS).join(':').toLowerCase();
}
