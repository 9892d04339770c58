// `moldau profile list`, `set`, `use` and `delete`

import {
  argument,
  type CommandArguments,
  type CommandContext,
  type CommandOptions,
} from '../command-line/command.ts';
import { CommandError, UsageError } from '../command-line/errors.ts';
import { type Profiles, profilesPath, readProfiles, writeProfiles } from '../connection/profiles.ts';
import { namesFile } from '../connection/store-files.ts';

/** Values that are not shown. */
const SECRET = /password|secret|\bpem$|jaas|\.key$/;

export async function list({ output, disk, environment }: CommandContext): Promise<void> {
  const { current, profiles } = await readProfiles(environment, disk);
  const rows = Object.entries(profiles).map(([name, { brokers, properties = {} }]) => ({
    name,
    current: name === current,
    brokers: brokers ?? null,
    properties: Object.fromEntries(
      Object.entries(properties).map(([key, value]) => [key, SECRET.test(key) ? '********' : value]),
    ),
  }));
  await output.rows(
    [
      { title: '', show: (row) => (row.current ? '*' : ' ') },
      { title: 'name', show: ({ name }) => name },
      { title: 'brokers', show: ({ brokers }) => brokers },
      {
        title: 'properties',
        show: ({ properties }) =>
          Object.entries(properties)
            .map((each) => each.join('='))
            .join(' '),
        isWide: true,
      },
    ],
    rows,
  );
}

export async function set(
  context: CommandContext,
  args: CommandArguments,
  options: CommandOptions,
): Promise<void> {
  const name = argument(args, 'name')!;
  const { brokers, X = [] } = options as { brokers?: string; X?: readonly string[] };
  const known = await readProfiles(context.environment, context.disk);
  const former = known.profiles[name] ?? {};
  const properties: Record<string, string> = { ...former.properties };
  for (const text of X) {
    const at = text.indexOf('=');
    const key = at < 0 ? text : text.slice(0, at);
    if (key === '') throw new UsageError(`-X takes name=value, not ${text}`);
    if (at < 0 || at === text.length - 1) delete properties[key];
    else properties[key] = text.slice(at + 1);
  }
  const changed = { ...former, ...(brokers === undefined ? {} : { brokers }), properties };
  await checkNames(Object.keys(properties));
  const isFirst = Object.keys(known.profiles).length === 0;
  await save(context, {
    current: isFirst ? name : known.current,
    profiles: { ...known.profiles, [name]: changed },
  });
  context.tell(
    `the profile ${name} is in ${profilesPath(context.environment)}${isFirst ? ', and current' : ''}`,
  );
}

/** What no client knows is refused here, rather than by each command that is given the profile. */
async function checkNames(names: readonly string[]): Promise<void> {
  const { Kafka, propertiesByClient } = await import('@moldau/client');
  const { isClientProperty } = await import('@moldau/client/admin');
  const asked = Object.fromEntries(names.filter((name) => !namesFile(name)).map((name) => [name, '']));
  const unknown = Object.keys(propertiesByClient(asked).shared).find((name) => !isClientProperty(name));
  // It knows what was probably meant.
  if (unknown !== undefined) await new Kafka({ brokers: '', properties: { [unknown]: '' } }).close();
}

export async function use(context: CommandContext, args: CommandArguments): Promise<void> {
  const name = argument(args, 'name');
  const known = await readProfiles(context.environment, context.disk);
  if (name !== undefined) checkKnown(known, name);
  await save(context, { current: name, profiles: known.profiles });
}

export async function remove(context: CommandContext, args: CommandArguments): Promise<void> {
  const name = argument(args, 'name')!;
  const known = await readProfiles(context.environment, context.disk);
  checkKnown(known, name);
  const { [name]: _, ...profiles } = known.profiles;
  await save(context, { current: known.current === name ? undefined : known.current, profiles });
}

function checkKnown({ profiles }: Profiles, name: string): void {
  if (profiles[name] !== undefined) return;
  throw new CommandError(`there is no profile ${name}: \`moldau profile list\` shows those there are`);
}

function save({ environment, disk }: CommandContext, { current, profiles }: Profiles): Promise<void> {
  return writeProfiles(current === undefined ? { profiles } : { current, profiles }, environment, disk);
}
