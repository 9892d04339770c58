// The table of all broker keys, by section in the order of the documentation.

import type { ConfigDefinition } from '../definition.ts';
import { clusterConfigs } from './cluster.ts';
import { groupsConfigs } from './groups.ts';
import { logConfigs } from './log.ts';
import { moldauConfigs } from './moldau.ts';
import { networkConfigs } from './network.ts';
import { operationsConfigs } from './operations.ts';
import { remoteStorageConfigs } from './remote-storage.ts';
import { securityConfigs } from './security.ts';
import { topicsConfigs } from './topics.ts';
import { transactionsConfigs } from './transactions.ts';

export const brokerConfigSections = [
  { title: 'Listeners, sockets and connections', definitions: networkConfigs },
  { title: 'Logs on disk', definitions: logConfigs },
  { title: 'What Moldau adds', definitions: moldauConfigs },
  { title: 'Topics and their defaults', definitions: topicsConfigs },
  { title: 'Groups', definitions: groupsConfigs },
  { title: 'Transactions', definitions: transactionsConfigs },
  { title: "The broker's identity and its cluster", definitions: clusterConfigs },
  { title: 'Quotas, metrics and telemetry', definitions: operationsConfigs },
  { title: 'Security', definitions: securityConfigs },
  { title: 'Tiered storage', definitions: remoteStorageConfigs },
];

export const brokerConfigDefinitions = {
  ...networkConfigs,
  ...logConfigs,
  ...moldauConfigs,
  ...topicsConfigs,
  ...groupsConfigs,
  ...transactionsConfigs,
  ...clusterConfigs,
  ...operationsConfigs,
  ...securityConfigs,
  ...remoteStorageConfigs,
};

export type BrokerConfigKey = keyof typeof brokerConfigDefinitions;

/** What a key's value is when it has been parsed. */
export type BrokerConfigValue<Key extends BrokerConfigKey> =
  (typeof brokerConfigDefinitions)[Key] extends ConfigDefinition<infer Value> ? Value : never;
