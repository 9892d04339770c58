// kafka-delegation-tokens: makes, renews, ends and lists delegation tokens.

import type { Admin, DelegationToken } from '@moldau/client';
import { javaDate } from './java-date.ts';
import { executionError, illegalArgument } from './java-errors.ts';
import {
  type KafkaTool,
  refuseOptions,
  requireOptions,
  type ToolContext,
  UsageProblem,
} from './kafka-tool.ts';
import { BOOTSTRAP_SERVER, COMMAND_CONFIG, type ToolOption, type ToolOptions } from './tool-options.ts';

const principal = (name: string, summary: string): ToolOption => ({
  ...{ name, summary },
  argument: { isOptional: true },
});
const period = (name: string, summary: string): ToolOption => ({
  ...{ name, summary },
  argument: { type: 'Long', isOptional: true },
});

const ACTIONS = ['create', 'renew', 'expire', 'describe'] as const;
type Action = (typeof ACTIONS)[number];

export const delegationTokens: KafkaTool = {
  name: 'kafka-delegation-tokens',
  purpose: 'This tool helps to create, renew, expire, or describe delegation tokens.',
  options: [
    { ...BOOTSTRAP_SERVER, argument: {} },
    {
      ...COMMAND_CONFIG,
      summary:
        'REQUIRED: a file of properties for the client: how to log in, without which there are no tokens.',
      argument: {},
    },
    { name: 'create', summary: 'Make a token.' },
    { name: 'renew', summary: 'Have a token last longer.' },
    { name: 'expire', summary: 'Have a token end.' },
    { name: 'describe', summary: 'List tokens: those of owners, or all that may be seen.' },
    principal('owner-principal', 'Whose tokens, as in User:alice.'),
    principal('renewer-principal', 'Who may renew it, as in User:alice.'),
    period('max-life-time-period', "How long it may last at most, in ms; -1: as the broker's setting says."),
    period('renew-time-period', "How long it lasts from now on, in ms; -1: as the broker's setting says."),
    period('expiry-time-period', 'When it ends, in ms from now; -1: at once.'),
    { name: 'hmac', summary: 'The secret of the token, in base64.', argument: { isOptional: true } },
  ],
  async run(context, given) {
    const asked = ACTIONS.filter((action) => given.has(action));
    const [action] = asked;
    if (action === undefined || asked.length > 1)
      throw new UsageProblem(
        'Command must include exactly one action: --create, --renew, --expire or --describe',
      );
    checkOptions(given);
    const brokers = given.get('bootstrap-server')!;
    const admin = await context.admin({ brokers, configFile: given.get('command-config') });
    await actions[action](context, admin, given);
    return 0;
  },
};

/** What is needed, and what contradicts it. */
const RULES: readonly (readonly [action: Action, needed: readonly string[], refused: readonly string[]])[] = [
  ['create', ['max-life-time-period'], ['hmac', 'renew-time-period', 'expiry-time-period']],
  [
    'renew',
    ['hmac', 'renew-time-period'],
    ['renewer-principal', 'max-life-time-period', 'expiry-time-period', 'owner-principal'],
  ],
  [
    'expire',
    ['hmac', 'expiry-time-period'],
    ['renew', 'max-life-time-period', 'renew-time-period', 'owner-principal'],
  ],
  ['describe', [], ['renew-time-period', 'max-life-time-period', 'hmac', 'expiry-time-period']],
];

function checkOptions(given: ToolOptions): void {
  requireOptions(given, 'bootstrap-server', 'command-config');
  for (const [action, needed] of RULES) if (given.has(action)) requireOptions(given, ...needed);
  for (const [action, , refused] of RULES) refuseOptions(given, action, refused);
}

const actions: Readonly<
  Record<Action, (context: ToolContext, admin: Admin, given: ToolOptions) => Promise<void>>
> = { create, renew, expire, describe };

async function create(context: ToolContext, admin: Admin, given: ToolOptions): Promise<void> {
  const renewers = principalsOf(given, 'renewer-principal');
  const maxLifetimeMs = periodOf(given, 'max-life-time-period');
  context.out(
    `Calling create token operation with renewers :[${renewers.join(', ')}] , max-life-time-period :${maxLifetimeMs}`,
  );
  const [owner] = principalsOf(given, 'owner-principal');
  const token = await attempt(
    admin.delegationTokens.create({
      ...{ renewers, ...(owner !== undefined && { owner }) },
      ...(maxLifetimeMs >= 0 && { maxLifetimeMs }),
    }),
  );
  context.out(`Created delegation token with tokenId : ${token.tokenId}`);
  print(context, [token]);
}

async function renew(context: ToolContext, admin: Admin, given: ToolOptions): Promise<void> {
  const [hmac, periodMs] = [given.get('hmac')!, periodOf(given, 'renew-time-period')];
  context.out(`Calling renew token operation with hmac :${hmac} , renew-time-period :${periodMs}`);
  const options = periodMs < 0 ? {} : { periodMs };
  const [renewed] = await attempt(admin.delegationTokens.renew(Buffer.from(hmac, 'base64'), options));
  context.stdout.write(`Completed renew operation. New expiry date : ${dateText(renewed!.expiresMs)}`);
}

async function expire(context: ToolContext, admin: Admin, given: ToolOptions): Promise<void> {
  const [hmac, afterMs] = [given.get('hmac')!, periodOf(given, 'expiry-time-period')];
  context.out(`Calling expire token operation with hmac :${hmac} , expire-time-period :${afterMs}`);
  const options = afterMs < 0 ? {} : { afterMs };
  const [expired] = await attempt(admin.delegationTokens.expire(Buffer.from(hmac, 'base64'), options));
  context.stdout.write(`Completed expire operation. New expiry date : ${dateText(expired!.expiresMs)}`);
}

async function describe(context: ToolContext, admin: Admin, given: ToolOptions): Promise<void> {
  const owners = principalsOf(given, 'owner-principal');
  context.out(
    owners.length === 0
      ? 'Calling describe token operation for current user.'
      : `Calling describe token operation for owners: [${owners.join(', ')}]`,
  );
  const tokens = await attempt(admin.delegationTokens.list(owners.length === 0 ? {} : { owners }));
  context.stdout.write(`Total number of tokens : ${tokens.length}`);
  print(context, tokens);
}

async function attempt<Result>(work: Promise<Result>): Promise<Result> {
  try {
    return await work;
  } catch (error) {
    throw executionError(error);
  }
}

/** @throws JavaError */
function principalsOf(given: ToolOptions, name: string): string[] {
  return given.all(name).map((text) => {
    const principal = text.trim();
    if (/^[^:]+:./.test(principal)) return principal;
    throw illegalArgument(`expected a string in format principalType:principalName but got ${principal}`);
  });
}

/** Its option may stand without a value, which is no period. @throws JavaError */
function periodOf(given: ToolOptions, name: string): number {
  const ms = given.number(name);
  if (ms === undefined) throw illegalArgument(`--${name} needs a number of milliseconds, or -1`);
  return ms;
}

function dateText(ms: number): string {
  return javaDate("yyyy-MM-dd'T'HH:mm", ms);
}

const WIDTHS = [15, 30, 15, 15, 25, 15, 15, 15];
const HEADERS = ['TOKENID', 'HMAC', 'OWNER', 'REQUESTER', 'RENEWERS', 'ISSUEDATE', 'EXPIRYDATE', 'MAXDATE'];

function print(context: ToolContext, tokens: readonly DelegationToken[]): void {
  const rows = tokens.map((token) => [
    ...[token.tokenId, token.hmac.toString('base64'), token.owner, token.requester],
    `[${token.renewers.join(', ')}]`,
    ...[token.issuedMs, token.expiresMs, token.maxLifetimeEndsMs].map(dateText),
  ]);
  for (const row of [HEADERS, ...rows])
    context.stdout.write(`\n${row.map((cell, index) => cell.padEnd(WIDTHS[index]!)).join(' ')}\n`);
}
