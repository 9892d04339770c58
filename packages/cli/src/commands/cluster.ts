// The verbs of `moldau cluster`.

import type { VerbSpec } from '../command-line/command.ts';
import { oneOf, wholeNumber } from '../command-line/values.ts';

const ELECTIONS = ['preferred', 'unclean'] as const;

export const verbs: readonly VerbSpec[] = [
  {
    name: 'info',
    summary: 'show the cluster in a few lines',
    examples: ['cluster info', 'cluster info -o json'],
    needs: 'admin',
    prints: true,
    load: async () => ({ run: (await import('./cluster-views.ts')).info }),
  },
  {
    name: 'brokers',
    summary: 'list brokers',
    options: [
      {
        flags: '--fenced',
        summary: 'those that are out of touch with the controller as well (Kafka 4.1 or later)',
      },
    ],
    examples: ['cluster brokers'],
    needs: 'admin',
    prints: true,
    load: async () => ({ run: (await import('./cluster-views.ts')).brokers }),
  },
  {
    name: 'features',
    summary: 'list what all brokers have agreed on, as metadata.version, and what they could do',
    examples: ['cluster features'],
    needs: 'admin',
    prints: true,
    load: async () => ({ run: (await import('./cluster-views.ts')).features }),
  },
  {
    name: 'quorum',
    summary: 'show the controllers that keep the metadata, and how far each is',
    examples: ['cluster quorum'],
    needs: 'admin',
    prints: true,
    load: async () => ({ run: (await import('./cluster-views.ts')).quorum }),
  },
  {
    name: 'api-versions',
    summary: 'list what brokers speak',
    options: [{ flags: '--broker <id>', summary: 'only of this one', parse: wholeNumber, isMany: true }],
    examples: ['cluster api-versions --broker 1'],
    needs: 'admin',
    prints: true,
    load: async () => ({ run: (await import('./cluster-views.ts')).apiVersions }),
  },
  {
    name: 'elect-leaders',
    summary: 'let the preferred replicas lead again',
    arguments: [
      {
        name: 'topic',
        summary: 'topics, as in orders or orders:0,2-5 (default: all)',
        isMany: true,
        isOptional: true,
        completes: 'topic',
      },
    ],
    options: [
      {
        flags: '--type <type>',
        summary:
          'preferred, or unclean: where nobody leads, any replica that is there; what others had beyond it is lost',
        parse: oneOf(ELECTIONS),
        completes: ELECTIONS,
      },
    ],
    examples: ['cluster elect-leaders', 'cluster elect-leaders orders:3 --type unclean'],
    needs: 'admin',
    prints: true,
    changes: 'asks',
    load: async () => ({ run: (await import('./cluster-changes.ts')).electLeaders }),
  },
  {
    name: 'upgrade',
    summary: 'raise features to what all brokers can do, as after an upgrade of the brokers',
    arguments: [
      {
        name: 'feature',
        summary: 'a feature, or feature=level, as in metadata.version=29 (default: all but kraft.version)',
        isMany: true,
        isOptional: true,
      },
    ],
    details: 'What was raised cannot always be lowered again: let the brokers run for a while before.',
    examples: ['cluster upgrade --dry-run', 'cluster upgrade metadata.version'],
    needs: 'admin',
    prints: true,
    changes: 'asks',
    load: async () => ({ run: (await import('./feature-changes.ts')).upgrade }),
  },
  {
    name: 'downgrade',
    summary: 'lower features',
    arguments: [{ name: 'feature', summary: 'feature=level; 0 takes it away', isMany: true }],
    options: [{ flags: '--unsafe', summary: 'also where that loses what only the higher level knows' }],
    examples: ['cluster downgrade transaction.version=1'],
    needs: 'admin',
    prints: true,
    changes: 'asks',
    load: async () => ({ run: (await import('./feature-changes.ts')).downgrade }),
  },
  {
    name: 'forget-broker',
    summary: 'forget a broker that is gone for good',
    arguments: [{ name: 'id', summary: 'of the broker' }],
    examples: ['cluster forget-broker 3'],
    needs: 'admin',
    changes: 'asks',
    load: async () => ({ run: (await import('./cluster-changes.ts')).forgetBroker }),
  },
];
