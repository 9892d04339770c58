// What helps after an error: what was probably meant by a name that is not there, one that differs in a letter or two, and how a right is given that is missing.

import { type Admin, BrokerError, KafkaError, PartialFailureError } from '@moldau/client/admin';
import { quoted } from '../doctor/paste.ts';

const PATIENCE_MS = 1_000;
const MOST_DIFFERENT = 2;

/** What commands need in the end of what they name, which includes to describe it. */
const ENDS: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  consume: { topic: 'Read', group: 'Read' },
  produce: { topic: 'Write' },
};

/**
 * ' Did you mean orders?', for errors that are about a topic or a group that is not there; who may, and by which command, where access is denied; else
 * nothing. `verb`: what met it.
 */
export async function suggestion(error: unknown, admin: Admin | undefined, verb?: string): Promise<string> {
  const found = error instanceof PartialFailureError ? error.errors[0] : error;
  if (found instanceof BrokerError && found.missingRight !== undefined)
    return grantOf(found.missingRight, ENDS[verb ?? '']);
  if (!(found instanceof KafkaError) || admin === undefined) return '';
  const timely = { timeoutMs: PATIENCE_MS };
  try {
    if (found.code === 'UNKNOWN_TOPIC_OR_PARTITION' && found.topic !== undefined) {
      const topics = await admin.topics.list(timely);
      return question(
        found.topic,
        topics.map(({ name }) => name),
      );
    }
    const group = /^group (\S+): /.exec(found.message)?.[1];
    if (found.code === 'GROUP_ID_NOT_FOUND' && group !== undefined) {
      const groups = await admin.groups.list(timely);
      return question(
        group,
        groups.map(({ groupId }) => groupId),
      );
    }
  } catch {
    // The error that it would be about says enough.
  }
  return '';
}

/** A command that whoever administrates can paste. */
function grantOf(
  { operation, on = '' }: NonNullable<BrokerError['missingRight']>,
  ends: Readonly<Record<string, string>> = {},
): string {
  const [, kind, name] = /^(topic|group|transactional id|cluster)(?: (.*))?$/.exec(on) ?? [];
  if (kind === undefined) return '';
  const resource = `--${kind.replace(' ', '-')}${name === undefined ? '' : ` ${quoted(name)}`}`;
  const end = operation === 'Describe' ? ends[kind] : undefined;
  const wanted = (end ?? operation).replaceAll(/([a-z])([A-Z])/g, '$1-$2').toLowerCase();
  return ` \`moldau acl add --principal NAME --operation ${wanted} ${resource}\` gives it${end === undefined ? '' : `, and ${end}, which is needed next`}.`;
}

/** ' Did you mean orders?', or nothing. */
export function question(wanted: string, known: readonly string[]): string {
  const near = known.find((name) => name !== wanted && isNear(wanted.toLowerCase(), name.toLowerCase()));
  return near === undefined ? '' : ` Did you mean ${near}?`;
}

/** Both are the same but for one place, of a letter or two. */
export function isNear(one: string, other: string): boolean {
  const shorter = Math.min(one.length, other.length);
  let start = 0;
  while (start < shorter && one[start] === other[start]) start++;
  let end = 0;
  while (end < shorter - start && one.at(-1 - end) === other.at(-1 - end)) end++;
  const different = Math.max(one.length, other.length) - start - end;
  // What is short differs in two letters from too many.
  return different <= MOST_DIFFERENT && start + end > different;
}
