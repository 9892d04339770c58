// `moldau config get`

import type { Admin, ConfigEntry, ConfigResource, QuotaEntity } from '@moldau/client';
import {
  argument,
  type CommandArguments,
  type CommandContext,
  type CommandOptions,
  manyArguments,
} from '../command-line/command.ts';
import { CommandError } from '../command-line/errors.ts';
import { tellFailure } from '../command-line/several.ts';
import { question } from '../command-line/suggestions.ts';
import { configNames } from './config-changes.ts';
import { configSubject, quotaName, requireBroker } from './config-subject.ts';

interface Setting {
  readonly name: string;
  /** null: there is none, or it is secret. */
  readonly value: string | null;
  /** Who says so: 'topic', 'dynamic-broker', 'default' ... */
  readonly source: string;
  readonly readOnly: boolean;
  readonly sensitive: boolean;
  readonly documentation?: string;
}

export async function run(
  context: CommandContext,
  args: CommandArguments,
  { all, explain }: CommandOptions,
): Promise<void> {
  const { admin, output, signal } = context;
  const subject = configSubject(argument(args, 'type')!, argument(args, 'name')!);
  const keys = manyArguments(args, 'setting');
  const settings =
    'quotaOf' in subject
      ? await quotas(admin, subject.quotaOf, signal)
      : await configs(admin, subject.resource, { keys, explain: explain === true, signal });
  const missing = keys.filter((key) => !settings.some(({ name }) => name === key));
  if (missing.length > 0) {
    const known = 'quotaOf' in subject ? [] : await configNames(admin, subject.resource, signal);
    const errors = missing.map(
      (key) => new CommandError(`there is no setting ${key} there.${question(key, known)}`),
    );
    if (missing.length === keys.length) throw errors[0];
    for (const error of errors) await tellFailure(context, error);
  }
  const isShown = ({ name, source }: Setting): boolean =>
    keys.length > 0 ? keys.includes(name) : all === true || source !== 'default';
  await output.rows(
    [
      { title: 'setting', show: ({ name }) => name },
      { title: 'value', show: ({ value, sensitive }) => (sensitive ? '********' : value) },
      { title: 'from', show: ({ source }) => source },
      { title: 'read only', show: ({ readOnly }) => (readOnly ? 'yes' : 'no'), isWide: true },
      ...(explain === true
        ? [{ title: 'meaning', show: ({ documentation }: Setting) => documentation?.replaceAll(/\s+/g, ' ') }]
        : []),
    ],
    settings.filter(isShown).sort((one, other) => (one.name < other.name ? -1 : 1)),
  );
}

async function configs(
  admin: Admin,
  resource: ConfigResource,
  { keys, explain, signal }: { keys: readonly string[]; explain: boolean; signal: AbortSignal },
): Promise<Setting[]> {
  await requireBroker(admin, resource, signal);
  const [description] = await admin.configs.describe(resource, {
    ...{ includeDocumentation: explain, signal },
    ...(keys.length > 0 && { keys }),
  });
  return [...description!.entries.values()].map((entry) => setting(entry, explain));
}

function setting(
  { name, value, source, isReadOnly, isSensitive, documentation }: ConfigEntry,
  explain: boolean,
): Setting {
  return {
    ...{ name, value, source, readOnly: isReadOnly, sensitive: isSensitive },
    ...(explain && documentation !== undefined && { documentation }),
  };
}

async function quotas(admin: Admin, entity: QuotaEntity, signal: AbortSignal): Promise<Setting[]> {
  const found = await admin.quotas.describe(entity, { strict: true, signal });
  return found.flatMap(({ values }) =>
    Object.entries(values).map(([name, value]) => ({
      ...{ name: quotaName(name), value: String(value), source: 'quota' },
      ...{ readOnly: false, sensitive: false },
    })),
  );
}
