// Topics to create at the start, as wurstmeister's image takes them: "name:partitions:replicas[:cleanup policy]".

export interface InitialTopic {
  readonly name: string;
  readonly partitions: number;
  /** As it was asked for; one broker cannot hold more than one replica. */
  readonly replicas: number;
  readonly configs: ReadonlyMap<string, string>;
}

const POLICIES = ['delete', 'compact', 'compact,delete', 'delete,compact'];

/** Separated by commas or line ends, or by `separator` where one is given. Problems are lines that name what is allowed. */
export function parseInitialTopics(
  text: string,
  separator?: string,
): { topics: InitialTopic[]; problems: string[] } {
  const topics: InitialTopic[] = [];
  const problems: string[] = [];
  // The image's users write its separator as shell text, so a backslash and an n means a line end.
  const splitter =
    separator === undefined || separator === ''
      ? /[,\n]/
      : separator.replaceAll('\\n', '\n').replace(/^\$'|'$/g, '');
  for (const entry of text.split(splitter).map((each) => each.trim())) {
    if (entry === '') continue;
    const [name = '', partitions = '1', replicas = '1', policy = 'delete', ...rest] = entry
      .split(':')
      .map((each) => each.trim());
    const counts = [partitions, replicas].map(Number);
    const isFine =
      name !== '' &&
      rest.length === 0 &&
      counts.every((count) => Number.isInteger(count) && count >= 1) &&
      POLICIES.includes(policy);
    if (isFine) {
      const configs = new Map(policy === 'delete' ? [] : [['cleanup.policy', policy] as const]);
      topics.push({ name, partitions: counts[0]!, replicas: counts[1]!, configs });
    } else {
      problems.push(
        `Invalid value ${JSON.stringify(entry)} in KAFKA_CREATE_TOPICS: expected name:partitions:replicas[:policy], as in orders:3:1:compact`,
      );
    }
  }
  return { topics, problems };
}
