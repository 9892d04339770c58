// A worker of our own, on @moldau/protocol alone: produces, transacts, and consumes as a member of a group of the consumer protocol.

import { role } from './history.ts';
import { consume } from './member.ts';
import { produce, transact } from './producer.ts';

const roles: Record<string, () => Promise<void>> = { produce, transact, consume };
await roles[role]!();
process.exit(0);
