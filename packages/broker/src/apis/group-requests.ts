// What the handlers of groups share: who asks, and answers that are there at once more often than not.

import type { TopicImage } from '@moldau/metadata';
import type { GroupCaller } from '../coordinators/group-commands.ts';
import type { RequestContext } from './handler.ts';

/** The caller as groups keep and show it. */
export function callerOf({ apiVersion, clientId, clientHost }: RequestContext): GroupCaller {
  return { apiVersion, clientId, clientHost };
}

/** Maps a value that may have to be waited for, without waiting when it is there. */
export function map<T, R>(value: T | Promise<T>, change: (value: T) => R): R | Promise<R> {
  return value instanceof Promise ? value.then(change) : change(value);
}
