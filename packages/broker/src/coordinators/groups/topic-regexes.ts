// Regular expressions over topic names (KIP-848's SubscribedTopicRegex), in RE2's syntax as in Kafka. They come from
// clients, so they are matched by an engine whose time is linear in the name, never by one that backtracks.

import { createRequire } from 'node:module';

const require = createRequire(import.meta.url);
let loaded: typeof import('re2js') | undefined;

/** Loaded with the first expression: most brokers never see one, and each start would pay for it. */
function engine(): typeof import('re2js') {
  loaded ??= require('re2js') as typeof import('re2js');
  return loaded;
}

/** What is wrong with an expression; undefined when nothing is. */
export function regexProblem(regex: string): string | undefined {
  const { RE2JS, RE2JSSyntaxException } = engine();
  try {
    RE2JS.compile(regex);
    return undefined;
  } catch (error) {
    if (error instanceof RE2JSSyntaxException) return error.getDescription();
    throw error;
  }
}

/** The names that each expression matches as a whole; none for one that cannot be read. */
export function resolveRegexes(
  regexes: Iterable<string>,
  names: Iterable<string>,
): Map<string, ReadonlySet<string>> {
  const patterns = [...regexes].map((regex) => ({
    regex,
    pattern: regexProblem(regex) === undefined ? engine().RE2JS.compile(regex) : undefined,
    topics: new Set<string>(),
  }));
  for (const name of names) {
    for (const { pattern, topics } of patterns) if (pattern?.matches(name) === true) topics.add(name);
  }
  return new Map(patterns.map(({ regex, topics }) => [regex, topics]));
}
