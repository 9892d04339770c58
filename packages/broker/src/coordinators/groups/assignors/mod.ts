// The assignors there are, by the names that group.consumer.assignors and members use.

import type { Assignor } from './assignor.ts';
import { assignByRange } from './range.ts';
import { assignUniformly } from './uniform.ts';

const assignors: ReadonlyMap<string, Assignor> = new Map([
  ['uniform', assignUniformly],
  ['range', assignByRange],
]);

/** undefined: there is none of this name. */
export function assignorNamed(name: string): Assignor | undefined {
  return assignors.get(name);
}
