// `moldau config set` and `unset`

import {
  argument,
  type CommandArguments,
  type CommandContext,
  manyArguments,
} from '../command-line/command.ts';
import { pair } from '../command-line/values.ts';
import { changeConfigs } from './config-changes.ts';
import { configSubject, requireBroker } from './config-subject.ts';
import { changeQuotas } from './quota-changes.ts';

export async function set(context: CommandContext, args: CommandArguments): Promise<void> {
  await change(context, args, { set: manyArguments(args, 'setting').map(pair) });
}

export async function unset(context: CommandContext, args: CommandArguments): Promise<void> {
  await change(context, args, { unset: manyArguments(args, 'setting') });
}

async function change(
  context: CommandContext,
  args: CommandArguments,
  { set = [], unset = [] }: { set?: readonly (readonly [string, string])[]; unset?: readonly string[] },
): Promise<void> {
  const subject = configSubject(argument(args, 'type')!, argument(args, 'name')!);
  if ('resource' in subject) {
    await requireBroker(context.admin, subject.resource, context.signal);
    await changeConfigs(context, [subject.resource], { set, unset });
  } else await changeQuotas(context, subject.quotaOf, { set, unset });
}
