// `moldau user list`, `set` and `delete`

import type { ScramMechanism } from '@moldau/client';
import {
  argument,
  type CommandArguments,
  type CommandContext,
  type CommandOptions,
  manyArguments,
} from '../command-line/command.ts';
import { UsageError } from '../command-line/errors.ts';
import { resultsOf } from '../command-line/several.ts';

export async function list(context: CommandContext, args: CommandArguments): Promise<void> {
  const { admin, output, signal } = context;
  const named = manyArguments(args, 'user');
  const wanted = named.length === 0 ? undefined : named;
  const users = await resultsOf(context, admin.users.list(wanted, { signal }));
  await output.rows(
    [
      { title: 'user', show: ({ user }) => user },
      {
        title: 'logs in by',
        show: ({ credentials }) =>
          credentials.map(({ mechanism, iterations }) => `${mechanism} (${iterations})`).join(', '),
      },
    ],
    users,
  );
}

export async function set(
  context: CommandContext,
  args: CommandArguments,
  options: CommandOptions,
): Promise<void> {
  const { admin, signal, isDryRun, tell } = context;
  const user = argument(args, 'user')!;
  const {
    mechanism = 'scram-sha-512',
    iterations,
    passwordFile,
  } = options as {
    mechanism?: string;
    iterations?: number;
    passwordFile?: string;
  };
  const password = await readPassword(context, user, passwordFile);
  if (isDryRun) return tell('nothing was changed: this was a dry run');
  await admin.users.set(
    {
      ...{ user, password, mechanism: mechanism.toUpperCase() as ScramMechanism },
      ...(iterations !== undefined && { iterations }),
    },
    { signal },
  );
  tell(`${user} logs in by ${mechanism.toUpperCase()}`);
}

export async function remove(
  { admin, signal, isDryRun, tell, confirm }: CommandContext,
  args: CommandArguments,
  options: CommandOptions,
): Promise<void> {
  const user = argument(args, 'user')!;
  const { mechanism } = options as { mechanism?: string };
  const [known] = await admin.users.list(user, { signal });
  const given = known!.credentials.map(({ mechanism }) => mechanism as ScramMechanism);
  const chosen = mechanism === undefined ? given : [mechanism.toUpperCase() as ScramMechanism];
  await confirm(`Let ${user} no longer log in by ${chosen.join(' and ')}?`);
  if (isDryRun) return tell('nothing was deleted: this was a dry run');
  await admin.users.delete(
    chosen.map((mechanism) => ({ user, mechanism })),
    { signal },
  );
  tell(`${user} no longer logs in by ${chosen.join(' and ')}`);
}

/** The first line of the file or of standard input; at a terminal it is asked for, and not shown. */
async function readPassword(
  { disk, terminal, signal }: CommandContext,
  user: string,
  path: string | undefined,
): Promise<string> {
  const { stdin, canAsk } = terminal;
  if (path !== undefined) return firstLine((await disk.readFile(path)).toString('utf8'), path);
  if (canAsk) {
    const { ask } = await import('../command-line/dialogue.ts');
    return firstLine(
      (await ask(`Password of ${user}: `, { terminal, signal, isSecret: true })) ?? '',
      'the answer',
    );
  }
  const chunks: Buffer[] = [];
  for await (const chunk of stdin) chunks.push(Buffer.from(chunk));
  return firstLine(Buffer.concat(chunks).toString('utf8'), 'standard input');
}

function firstLine(text: string, where: string): string {
  const line = text.split(/\r?\n/)[0]!;
  if (line !== '') return line;
  throw new UsageError(`${where} has no password in its first line`);
}
