// Randomness as a port: a seeded source makes a simulated run repeatable.

export interface Random {
  /** A number in [0, 1). */
  next(): number;
  /** Cryptographically strong in the Node version; seeded in tests. */
  bytes(count: number): Buffer;
}
