// Which names a topic may have, and which topics the brokers keep for themselves.

export const GROUP_METADATA_TOPIC = '__consumer_offsets';
export const TRANSACTION_STATE_TOPIC = '__transaction_state';
export const SHARE_GROUP_STATE_TOPIC = '__share_group_state';
/** The name of Kafka's own metadata log; no topic of ours may have it. */
export const CLUSTER_METADATA_TOPIC = '__cluster_metadata';

/** A partition's folder is its topic's name, '-', up to five digits, and '.<uuid>-delete' within 255 bytes. */
export const MAX_TOPIC_NAME_LENGTH = 249;

const LEGAL_NAME = /^[a-zA-Z0-9._-]+$/;

const INTERNAL_TOPICS: ReadonlySet<string> = new Set([
  GROUP_METADATA_TOPIC,
  TRANSACTION_STATE_TOPIC,
  SHARE_GROUP_STATE_TOPIC,
]);

export function isInternalTopic(name: string): boolean {
  return INTERNAL_TOPICS.has(name);
}

/** Why a topic cannot have this name, in Kafka's words; undefined when it can. */
export function topicNameProblem(name: string): string | undefined {
  if (name === '') return 'the empty string is not allowed';
  if (name === '.') return "'.' is not allowed";
  if (name === '..') return "'..' is not allowed";
  if (name.length > MAX_TOPIC_NAME_LENGTH) {
    return `the length of '${name}' is longer than the max allowed length ${MAX_TOPIC_NAME_LENGTH}`;
  }
  if (!LEGAL_NAME.test(name)) {
    return `'${name}' contains one or more characters other than ASCII alphanumerics, '.', '_' and '-'`;
  }
  return undefined;
}

/** Finds the topic that a new one would collide with: both would have metrics of the same name, in which '.' is '_'. */
export class CollidingNames {
  /** By the name with '_' for '.': of two names that collide at least one has a '.', so the others need not be kept. */
  readonly #dotted = new Map<string, string>();

  add(name: string): void {
    if (name.includes('.')) this.#dotted.set(collisionKey(name), name);
  }

  remove(name: string): void {
    if (this.#dotted.get(collisionKey(name)) === name) this.#dotted.delete(collisionKey(name));
  }

  /** `exists` says whether a name without any '.' is a topic's. */
  find(name: string, exists: (name: string) => boolean): string | undefined {
    const key = collisionKey(name);
    const dotted = this.#dotted.get(key);
    if (dotted !== undefined && dotted !== name) return dotted;
    return key !== name && exists(key) ? key : undefined;
  }
}

function collisionKey(name: string): string {
  return name.includes('.') ? name.replaceAll('.', '_') : name;
}
