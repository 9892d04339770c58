// The verbs that need no noun.

import type { VerbSpec } from '../command-line/command.ts';
import { complete } from './complete-verb.ts';
import { consume } from './consume-verb.ts';
import { doctor } from './doctor-verb.ts';
import { dump } from './dump-verb.ts';
import { produce } from './produce-verb.ts';
import { server } from './server-verb.ts';
import { top } from './top-verb.ts';

export const verbs: readonly VerbSpec[] = [server, produce, consume, doctor, dump, top, complete];
