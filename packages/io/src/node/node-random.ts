// The machine's randomness: fast numbers, strong bytes.

import { randomBytes } from 'node:crypto';
import type { Random } from '../random.ts';

export const nodeRandom: Random = {
  next: () => Math.random(),
  bytes: (count) => randomBytes(count),
};
