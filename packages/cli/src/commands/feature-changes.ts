// `moldau cluster upgrade` and `downgrade`: the levels of features that all brokers go by.

import type { FeaturesDescription, FeatureUpdate } from '@moldau/client';
import {
  type CommandArguments,
  type CommandContext,
  type CommandOptions,
  manyArguments,
} from '../command-line/command.ts';
import { UsageError } from '../command-line/errors.ts';
import { pair, wholeNumber } from '../command-line/values.ts';

interface Change {
  readonly feature: string;
  readonly from: number;
  readonly to: number;
}

/** How controllers vote, which is not raised along with the rest: it needs controllers that were set up for it. */
const QUORUM_FEATURE = 'kraft.version';

export async function upgrade(context: CommandContext, args: CommandArguments): Promise<void> {
  const features = await context.admin.features.describe({ signal: context.signal });
  const named = manyArguments(args, 'feature');
  const all = [...features.supported.keys()].filter((feature) => feature !== QUORUM_FEATURE).sort();
  const wanted = named.length === 0 ? all : named;
  const changes = wanted.map((text) => {
    const [feature, level] = text.includes('=') ? levelOf(text) : [text, undefined];
    return changeOf(features, feature, level);
  });
  const lower = changes.find(({ from, to }) => to < from);
  if (lower !== undefined && named.length > 0)
    throw new UsageError(
      `${lower.feature} is at ${lower.from}: \`moldau cluster downgrade ${lower.feature}=${lower.to}\` lowers it`,
    );
  await change(
    context,
    changes.filter(({ from, to }) => to > from),
    'upgrade',
  );
}

export async function downgrade(
  context: CommandContext,
  args: CommandArguments,
  { unsafe }: CommandOptions,
): Promise<void> {
  const features = await context.admin.features.describe({ signal: context.signal });
  const changes = manyArguments(args, 'feature').map((text) => changeOf(features, ...levelOf(text)));
  const higher = changes.find(({ from, to }) => to > from);
  if (higher !== undefined)
    throw new UsageError(
      `${higher.feature} is at ${higher.from}: \`moldau cluster upgrade ${higher.feature}=${higher.to}\` raises it`,
    );
  await change(
    context,
    changes.filter(({ from, to }) => to < from),
    unsafe === true ? 'unsafe-downgrade' : 'safe-downgrade',
  );
}

function levelOf(text: string): [feature: string, level: number] {
  const [feature, level] = pair(text);
  return [feature, wholeNumber(level)];
}

/** Without a level: the highest. */
function changeOf({ finalized, supported }: FeaturesDescription, feature: string, level?: number): Change {
  const highest = supported.get(feature)?.maxLevel;
  if (highest === undefined)
    throw new UsageError(
      `there is no feature ${feature}: there are ${[...supported.keys()].sort().join(', ')}`,
    );
  return { feature, from: finalized.get(feature)?.maxLevel ?? 0, to: level ?? highest };
}

async function change(
  { admin, output, signal, isDryRun, tell, confirm }: CommandContext,
  changes: readonly Change[],
  type: NonNullable<FeatureUpdate['type']>,
): Promise<void> {
  const updates = changes.map(({ feature, to }) => ({ feature, level: to, type }));
  if (changes.length === 0) tell('nothing is to be changed: all are at these levels already');
  else {
    const list = changes.map(({ feature, from, to }) => `${feature} from ${from} to ${to}`).join(', ');
    await confirm(`${type === 'upgrade' ? 'Raise' : 'Lower'} ${list}?`);
    await admin.features.update(updates, { signal, validateOnly: isDryRun });
    if (isDryRun) tell('nothing was changed: this was a dry run, and the brokers would do it');
  }
  await output.rows(
    [
      { title: 'feature', show: ({ feature }) => feature },
      { title: 'from', show: ({ from }) => from, isNumber: true },
      { title: 'to', show: ({ to }) => to, isNumber: true },
    ],
    changes,
  );
}
