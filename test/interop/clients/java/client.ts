// Kafka's own Java clients and command line tools, of the version that kafkaJars fetches.

import { join } from 'node:path';
import type { Client } from '../../harness/client.ts';
import { kafkaJars, mavenJars } from '../../harness/install.ts';
import { LOGINS } from '../../harness/security.ts';

export const client: Client = {
  name: 'java',
  install: (folders) => mavenJars(folders),
  programs: (folders) => {
    const here = join(folders.root, 'clients/java');
    const source = (file: string) => [
      ...['java', '-Xmx512m', '-XX:+UseSerialGC', `-Dlog4j.configurationFile=${join(here, 'log4j2.xml')}`],
      ...['-cp', `${kafkaJars(folders)}/*`, join(here, file)],
    ];
    return [
      {
        command: source('Cases.java'),
        cases: [
          ...['codec-none', 'codec-gzip', 'codec-snappy', 'codec-lz4', 'codec-zstd', 'acks-0', 'acks-1'],
          ...['large', 'idempotent', 'group-range', 'group-cooperative', 'group-pattern', 'offsets-by-time'],
          ...['admin-topics', 'admin-configs', 'admin-groups', 'admin-records', 'admin-cluster', 'errors'],
          ...['transactions', 'transactions-offsets', 'transactions-fencing'],
        ],
      },
      {
        command: [process.execPath, '--conditions=source', join(here, 'tools.ts')],
        environment: { INTEROP_JARS: kafkaJars(folders) },
        cases: [
          ...['topics', 'console', 'consumer-groups', 'groups', 'configs', 'perf', 'offsets-and-records'],
          ...['verifiable', 'api-versions', 'e2e-latency', 'transactions'],
          ...['transactions-hanging', 'quotas'],
        ],
        ownBrokerCases: ['dump-log', 'dump-offsets'],
        timeoutMs: 600_000,
      },
      {
        command: [process.execPath, '--conditions=source', join(here, 'group-protocol.ts')],
        environment: { INTEROP_JARS: kafkaJars(folders) },
        cases: ['group-protocol'],
        timeoutMs: 300_000,
      },
      {
        command: [process.execPath, '--conditions=source', join(here, 'storage.ts')],
        environment: { INTEROP_JARS: kafkaJars(folders) },
        cases: [],
        ownBrokerCases: ['compacted-dump', 'compacted-kafka', 'dump-groups'],
        timeoutMs: 300_000,
      },
      {
        command: [process.execPath, '--conditions=source', join(here, 'share.ts')],
        environment: { INTEROP_JARS: kafkaJars(folders) },
        cases: ['share-groups', 'share-perf', 'share-members'],
        ownBrokerCases: ['share-kill'],
        timeoutMs: 600_000,
      },
      { command: source('Logins.java'), cases: LOGINS, isSecured: true },
      {
        command: [process.execPath, '--conditions=source', join(here, 'security-tools.ts')],
        environment: { INTEROP_JARS: kafkaJars(folders) },
        cases: ['scram-users', 'acls', 'delegation-tokens'],
        isSecured: true,
      },
    ];
  },
};
