// The machine's randomness: fast numbers, strong bytes.
//
// Node's crypto takes 6 ms and 4 MB to load, and a broker that starts on a folder it knows may never need it.

import type { Random } from '../random.ts';

export const nodeRandom: Random = {
  next: () => Math.random(),
  bytes: (count) => process.getBuiltinModule('node:crypto').randomBytes(count),
};
