// All scenarios.

import type { Scenario } from '../scenario.ts';
import { administrationScenarios } from './administration.ts';
import { authorizationScenarios } from './authorization.ts';
import { clusterScenarios } from './cluster.ts';
import { configScenarios } from './configs.ts';
import { consumerGroupScenarios } from './consumer-groups.ts';
import { credentialScenarios } from './credentials.ts';
import { fetchScenarios } from './fetch.ts';
import { groupOffsetScenarios } from './group-offsets.ts';
import { groupScenarios } from './groups.ts';
import { malformedScenarios } from './malformed.ts';
import { oddGroupScenarios } from './odd-group-requests.ts';
import { oddScenarios } from './odd-requests.ts';
import { offsetScenarios } from './offsets.ts';
import { partlyAllowedScenarios } from './partly-allowed.ts';
import { produceScenarios } from './produce.ts';
import { shareGroupScenarios } from './share-groups.ts';
import { shareOffsetScenarios } from './share-offsets.ts';
import { topicScenarios } from './topics.ts';
import { transactionalDataScenarios } from './transactional-data.ts';
import { transactionalOffsetScenarios } from './transactional-offsets.ts';
import { transactionScenarios } from './transactions.ts';

export const scenarios: readonly Scenario[] = [
  ...clusterScenarios,
  ...administrationScenarios,
  ...credentialScenarios,
  ...topicScenarios,
  ...configScenarios,
  ...produceScenarios,
  ...fetchScenarios,
  ...offsetScenarios,
  ...groupScenarios,
  ...groupOffsetScenarios,
  ...consumerGroupScenarios,
  ...shareGroupScenarios,
  ...shareOffsetScenarios,
  ...transactionScenarios,
  ...transactionalDataScenarios,
  ...transactionalOffsetScenarios,
  ...authorizationScenarios,
  ...partlyAllowedScenarios,
  ...oddScenarios,
  ...oddGroupScenarios,
  ...malformedScenarios,
];
