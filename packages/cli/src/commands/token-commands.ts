// `moldau token list`, `create`, `renew` and `expire`

import type { DelegationToken } from '@moldau/client';
import {
  argument,
  type CommandArguments,
  type CommandContext,
  type CommandOptions,
} from '../command-line/command.ts';
import { timeText } from '../output/units.ts';

export async function list(
  context: CommandContext,
  _args: CommandArguments,
  options: CommandOptions,
): Promise<void> {
  const { admin, signal } = context;
  const { owner, secrets } = options as { owner?: readonly string[]; secrets?: boolean };
  const tokens = await admin.delegationTokens.list({ signal, ...(owner && { owners: owner }) });
  await print(context, tokens, secrets === true);
}

export async function create(
  context: CommandContext,
  _args: CommandArguments,
  options: CommandOptions,
): Promise<void> {
  const { admin, signal } = context;
  const { owner, renewer, maxLifetime } = options as {
    owner?: string;
    renewer?: readonly string[];
    maxLifetime?: number;
  };
  const token = await admin.delegationTokens.create({
    ...{ signal, ...(owner !== undefined && { owner }), ...(renewer && { renewers: renewer }) },
    ...(maxLifetime !== undefined && { maxLifetimeMs: maxLifetime }),
  });
  await print(context, [token], true);
}

export async function renew(
  { admin, signal, tell }: CommandContext,
  args: CommandArguments,
  options: CommandOptions,
): Promise<void> {
  const { for: periodMs } = options as { for?: number };
  const [renewed] = await admin.delegationTokens.renew(hmacOf(args), {
    ...{ signal, ...(periodMs !== undefined && { periodMs }) },
  });
  tell(`it expires at ${timeText(renewed!.expiresMs)}`);
}

export async function expire(
  { admin, signal, tell }: CommandContext,
  args: CommandArguments,
  options: CommandOptions,
): Promise<void> {
  const { after: afterMs } = options as { after?: number };
  const [expired] = await admin.delegationTokens.expire(hmacOf(args), {
    ...{ signal, ...(afterMs !== undefined && { afterMs }) },
  });
  tell(`it expires at ${timeText(expired!.expiresMs)}`);
}

function hmacOf(args: CommandArguments): Buffer {
  return Buffer.from(argument(args, 'hmac')!, 'base64');
}

async function print({ output }: CommandContext, tokens: readonly DelegationToken[], isSecretShown: boolean) {
  await output.rows(
    [
      { title: 'token', show: ({ tokenId }) => tokenId },
      { title: 'owner', show: ({ owner }) => owner },
      { title: 'requester', show: ({ requester }) => requester, isWide: true },
      { title: 'renewers', show: ({ renewers }) => renewers.join(' ') },
      { title: 'expires', show: ({ expiresMs }) => timeText(expiresMs) },
      { title: 'at the latest', show: ({ maxLifetimeEndsMs }) => timeText(maxLifetimeEndsMs), isWide: true },
      ...(isSecretShown ? [{ title: 'hmac', show: ({ hmac }: { hmac?: string }) => hmac }] : []),
    ],
    tokens.map(({ hmac, ...token }) => ({
      ...token,
      ...(isSecretShown && { hmac: hmac.toString('base64') }),
    })),
  );
}
