// The rooms of share groups, as handlers delegate to them.

import type { ShareConfig } from './share-config.ts';
import type { ShareCoordinator } from './share-coordinator.ts';
import type { ShareFetcher } from './share-fetcher.ts';
import type { ShareGroupCoordinator } from './share-group-coordinator.ts';
import type { SharePartitions } from './share-partitions.ts';
import type { ShareSessions } from './share-sessions.ts';

export interface ShareServices {
  readonly config: ShareConfig;
  readonly groups: ShareGroupCoordinator;
  /** Keeps the state of share partitions. */
  readonly state: ShareCoordinator;
  readonly sessions: ShareSessions;
  readonly partitions: SharePartitions;
  readonly fetcher: ShareFetcher;
}
