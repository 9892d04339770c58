// `moldau quota list`, `set` and `unset`

import type { QuotaEntity, QuotaFilter } from '@moldau/client';
import {
  type CommandArguments,
  type CommandContext,
  type CommandOptions,
  manyArguments,
} from '../command-line/command.ts';
import { UsageError } from '../command-line/errors.ts';
import { pair } from '../command-line/values.ts';
import { quotaName } from './config-subject.ts';
import { changeQuotas, entityText } from './quota-changes.ts';

export async function list(
  { admin, output, signal }: CommandContext,
  _args: CommandArguments,
  options: CommandOptions,
): Promise<void> {
  const filter: QuotaFilter = entityOf(options);
  const found = await admin.quotas.describe(filter, { signal });
  await output.rows(
    [
      { title: 'of', show: ({ entity }) => entityText(entity) },
      {
        title: 'limits',
        show: ({ limits }) =>
          Object.entries(limits)
            .map((limit) => limit.join('='))
            .join(' '),
      },
    ],
    found.map(({ entity, values }) => ({
      entity,
      limits: Object.fromEntries(Object.entries(values).map(([name, value]) => [quotaName(name), value])),
    })),
  );
}

export async function set(
  context: CommandContext,
  args: CommandArguments,
  options: CommandOptions,
): Promise<void> {
  const limits = manyArguments(args, 'limit').map(pair);
  await changeQuotas(context, someEntity(options), { set: limits, unset: [] });
}

export async function unset(
  context: CommandContext,
  args: CommandArguments,
  options: CommandOptions,
): Promise<void> {
  await changeQuotas(context, someEntity(options), { set: [], unset: manyArguments(args, 'limit') });
}

function someEntity(options: CommandOptions): QuotaEntity {
  const entity = entityOf(options);
  if (Object.keys(entity).length > 0) return entity;
  throw new UsageError('say whose quota it is, with --user, --client, both, or --ip');
}

function entityOf(options: CommandOptions): QuotaEntity {
  const { user, client, ip } = options as { user?: string; client?: string; ip?: string };
  const named = (name: string): string | null => (name === 'default' ? null : name);
  return {
    ...(user !== undefined && { user: named(user) }),
    ...(client !== undefined && { clientId: named(client) }),
    ...(ip !== undefined && { ip: named(ip) }),
  };
}
