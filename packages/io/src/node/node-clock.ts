// The machine's clocks.

import type { Clock } from '../clock.ts';

export const nodeClock: Clock = {
  wallMs: () => Date.now(),
  monotonicMs: () => performance.now(),
};
