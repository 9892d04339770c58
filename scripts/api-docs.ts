// Writes docs/apis.md from the handlers: `npx node --conditions=source scripts/api-docs.ts`.

import { writeFileSync } from 'node:fs';
import { apis } from '@moldau/protocol/apis';
import { handlers } from '../packages/broker/src/apis/handlers.ts';

const target = new URL('../docs/apis.md', import.meta.url);

const QUORUM =
  "belongs to KRaft's quorum of controllers, and the metadata of Moldau is kept in a store that needs none";
const BETWEEN_BROKERS =
  'is what brokers and controllers ask each other, and there is one broker that is both';
const STREAMS =
  'the streams group protocol (KIP-1071) is not there yet: Kafka Streams uses the consumer protocol by default';

/** Why an API of Kafka 4.3 is not served, by its key. */
const REASONS: Readonly<Record<number, string>> = {
  52: QUORUM,
  53: QUORUM,
  54: QUORUM,
  56: BETWEEN_BROKERS,
  58: BETWEEN_BROKERS,
  59: QUORUM,
  62: BETWEEN_BROKERS,
  63: BETWEEN_BROKERS,
  67: BETWEEN_BROKERS,
  70: QUORUM,
  73: BETWEEN_BROKERS,
  80: QUORUM,
  81: QUORUM,
  82: QUORUM,
  88: STREAMS,
  89: STREAMS,
};

const INTRODUCTION = `# APIs

<!-- Written by scripts/api-docs.ts from packages/broker/src/apis/handlers.ts; change that and run it again. -->

Every API of Kafka 4.3's protocol, in the order of their keys. What is served is told to clients by ApiVersions; a request of any other API, or in another
version, ends its connection, as it does with Kafka. Where an answer differs from Kafka's on purpose is told in [differences.md](differences.md).

| key | API | versions served | why not |
|---|---|---|---|
`;

/** What is wrong with the reasons: an API without one that is not served, or one with a reason that is. */
export function reasonProblems(): string[] {
  const served = new Set(handlers.map(({ apiKey }) => apiKey));
  return apis.flatMap(({ key, name }) => {
    const hasReason = REASONS[key] !== undefined;
    if (served.has(key) === hasReason)
      return [
        `${name} (${key}) ${hasReason ? 'is served and has a reason why not' : 'needs a reason why not'}`,
      ];
    return [];
  });
}

export function renderApisPage(): string {
  const byKey = new Map(handlers.map((handler) => [handler.apiKey, handler]));
  const rows = apis
    .toSorted((one, other) => one.key - other.key)
    .map(({ key, name }) => {
      const handler = byKey.get(key);
      if (handler === undefined) return `| ${key} | ${name} | none | ${REASONS[key] ?? ''} |`;
      const { minVersion, maxVersion } = handler;
      const versions = minVersion === maxVersion ? `${minVersion}` : `${minVersion}-${maxVersion}`;
      return `| ${key} | ${name} | ${versions} | |`;
    });
  return `${INTRODUCTION}${rows.join('\n')}\n`;
}

if (import.meta.main) writeFileSync(target, renderApisPage());
