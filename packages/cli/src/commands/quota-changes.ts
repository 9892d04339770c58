// Changes quotas of one user, client or address, and tells of each what it was and what it is now.

import type { QuotaChange, QuotaEntity } from '@moldau/client';
import type { CommandContext } from '../command-line/command.ts';
import { UsageError } from '../command-line/errors.ts';
import { question } from '../command-line/suggestions.ts';
import { QUOTA_NAMES, quotaKey, quotaNumber } from './config-subject.ts';

interface Wishes {
  readonly set: readonly (readonly [name: string, value: string])[];
  readonly unset: readonly string[];
}

const TITLES = { user: 'user', clientId: 'client', ip: 'ip' } as const;

export async function changeQuotas(
  { admin, output, signal, isDryRun, tell }: CommandContext,
  entity: QuotaEntity,
  { set, unset }: Wishes,
): Promise<void> {
  if (set.length + unset.length === 0) throw new UsageError('nothing is to be changed: say NAME=VALUE');
  const wished: [name: string, value: number | null][] = [
    ...set.map(([name, value]): [string, number] => [name, quotaNumber(name, value)]),
    ...unset.map((name): [string, null] => [name, null]),
  ];
  for (const [name] of wished) {
    const meant = QUOTA_NAMES.some((each) => each === name) ? '' : question(name, QUOTA_NAMES);
    if (meant !== '') throw new UsageError(`there is no limit ${name}.${meant}`);
  }
  const [former] = await admin.quotas.describe(entity, { strict: true, signal });
  const values = Object.fromEntries(wished.map(([name, value]) => [quotaKey(name), value]));
  const change: QuotaChange = { entity, values };
  await admin.quotas.alter(change, { validateOnly: isDryRun, signal });
  if (isDryRun) tell('nothing was changed: this was a dry run');
  await output.rows(
    [
      { title: 'of', show: ({ of }) => of },
      { title: 'setting', show: ({ name }) => name },
      { title: 'from', show: ({ from }) => from, isNumber: true },
      { title: 'to', show: ({ to }) => to ?? '(no limit)', isNumber: true },
    ],
    wished.map(([name, to]) => ({
      ...{ of: entityText(entity), name, from: former?.values[quotaKey(name)] ?? null, to },
    })),
  );
}

/** 'user ada, client (default)' */
export function entityText(entity: QuotaEntity): string {
  return Object.entries(entity)
    .map(([key, name]) => `${TITLES[key as keyof QuotaEntity]} ${name ?? '(default)'}`)
    .join(', ');
}
