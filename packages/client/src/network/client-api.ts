// An API as a client calls it: a request, its answer, and the versions in which they mean what the caller expects.

import type { Message } from '@moldau/protocol';

export interface ClientApi<Input, Answer> {
  readonly request: Message<unknown, Input>;
  readonly response: Message<Answer, never>;
  /** By default the first that is declared. */
  readonly minVersion?: number;
  /** By default the last that is declared. */
  readonly maxVersion?: number;
  /** What takes `minVersion`, as errors call it. */
  readonly neededFor?: string | undefined;
}

/** 'Metadata', of any API. */
export function apiName({ request }: ClientApi<never, unknown>): string {
  return request.name.replace(/Request$/, '');
}
