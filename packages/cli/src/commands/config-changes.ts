// Changes single settings of topics, brokers and groups, and tells of each what it was and what it is now.

import type { Admin, ConfigEntry, ConfigResource, ConfigValues } from '@moldau/client';
import type { CommandContext } from '../command-line/command.ts';
import { CommandError, UsageError } from '../command-line/errors.ts';
import { doneOf, resultsOf } from '../command-line/several.ts';
import { question } from '../command-line/suggestions.ts';

export interface Wishes {
  readonly set?: readonly (readonly [name: string, value: string])[];
  readonly unset?: readonly string[];
  /** Values of lists, to be added and taken out. */
  readonly append?: readonly (readonly [name: string, value: string])[];
  readonly subtract?: readonly (readonly [name: string, value: string])[];
}

interface ChangedSetting {
  readonly type: ConfigResource['type'];
  readonly resource: string;
  readonly name: string;
  readonly from: string | null;
  /** null: back to what it is by default. */
  readonly to: string | null;
}

const SECRET = '********';

export async function changeConfigs(
  context: CommandContext,
  resources: readonly ConfigResource[],
  wishes: Wishes,
): Promise<void> {
  const { admin, output, signal, isDryRun, tell } = context;
  const { set = [], unset = [], append = [], subtract = [] } = wishes;
  const keys = [...[...set, ...append, ...subtract].map(([name]) => name), ...unset];
  if (keys.length === 0) throw new UsageError('nothing is to be changed: say NAME=VALUE');
  const former = await resultsOf(context, admin.configs.describe(resources, { keys, signal }));
  for (const { resource, entries } of former) {
    // Brokers take back what was never there without a word. What else than a topic has settings that are not shown before they are set.
    const unknown = resource.type === 'topic' ? unset.find((name) => !entries.has(name)) : undefined;
    if (unknown !== undefined)
      throw new CommandError(
        `${resource.name}: there is no setting ${unknown}.${question(unknown, await configNames(admin, resource, signal))}`,
      );
    const stranger = resource.type === 'broker-logger' ? keys.find((name) => !entries.has(name)) : undefined;
    if (stranger !== undefined)
      throw new CommandError(
        `there is no logger ${stranger}.${question(stranger, await configNames(admin, resource, signal))} \`moldau config get broker-logger ${resource.name}\` lists them.`,
      );
  }
  const change = {
    ...{ set: valuesOf(set), remove: unset },
    ...{ append: valuesOf(append), subtract: valuesOf(subtract) },
  };
  const changes = former.map(({ resource }) => ({ resource, ...change }));
  const changed = await doneOf(
    context,
    former,
    admin.configs.alter(changes, { validateOnly: isDryRun, signal }),
  );
  if (isDryRun) tell('nothing was changed: this was a dry run');
  await output.rows(
    [
      { title: 'type', show: ({ type }) => type, isWide: true },
      { title: 'of', show: ({ resource }) => resource },
      { title: 'setting', show: ({ name }) => name },
      { title: 'from', show: ({ from }) => from },
      { title: 'to', show: ({ to }) => to ?? '(default)' },
    ],
    changed.flatMap(({ resource: { type, name: resource }, entries }) =>
      keys.map((name): ChangedSetting => {
        const entry = entries.get(name);
        const to = changedValue(entry, name, wishes);
        const isSecret = entry?.isSensitive === true;
        return {
          ...{ type, resource: resource || 'default', name },
          from: isSecret ? SECRET : (entry?.value ?? null),
          to: isSecret && to !== null ? SECRET : to,
        };
      }),
    ),
  );
}

export async function configNames(
  admin: Admin,
  resource: ConfigResource,
  signal: AbortSignal,
): Promise<readonly string[]> {
  const [description] = await admin.configs.describe(resource, { signal });
  return [...description!.entries.keys()];
}

function valuesOf(pairs: readonly (readonly [name: string, value: string])[]): ConfigValues {
  return Object.fromEntries(pairs);
}

function changedValue(
  entry: ConfigEntry | undefined,
  name: string,
  { set = [], append = [], subtract = [] }: Wishes,
): string | null {
  const wished = (pairs: readonly (readonly [string, string])[]): string[] =>
    pairs.filter(([each]) => each === name).flatMap(([, value]) => value.split(','));
  const value = set.findLast(([each]) => each === name)?.[1];
  if (value !== undefined) return value;
  const [added, taken] = [wished(append), wished(subtract)];
  if (added.length === 0 && taken.length === 0) return null;
  const before = (entry?.value ?? '').split(',').filter((each) => each !== '');
  return [...new Set([...before, ...added])].filter((each) => !taken.includes(each)).join(',');
}
