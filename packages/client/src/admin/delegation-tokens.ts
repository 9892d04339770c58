// Delegation tokens: short-lived credentials that somebody who is logged in gets, for others to log in with in their name: with the option sasl
// { mechanism: 'SCRAM-SHA-256', username: tokenId, password: hmac.toString('base64'), isDelegationToken: true }.

import {
  createDelegationTokenRequest,
  createDelegationTokenResponse,
  describeDelegationTokenRequest,
  describeDelegationTokenResponse,
  expireDelegationTokenRequest,
  expireDelegationTokenResponse,
  renewDelegationTokenRequest,
  renewDelegationTokenResponse,
} from '@moldau/protocol';
import type { CallOptions, Cluster } from '../cluster/cluster.ts';
import { OptionsError } from '../errors/kafka-error.ts';
import { each, wholeAnswer } from './results.ts';

export interface DelegationToken {
  readonly tokenId: string;
  /** The secret. */
  readonly hmac: Buffer;
  /** Whom those who use it are taken for: 'User:ada'. */
  readonly owner: string;
  /** Who asked for it; '' where the broker is too old to tell. */
  readonly requester: string;
  /** Who may renew it, beside its owner. */
  readonly renewers: readonly string[];
  readonly issuedMs: number;
  readonly expiresMs: number;
  /** It cannot be renewed beyond this. */
  readonly maxLifetimeEndsMs: number;
}

const CREATE = { request: createDelegationTokenRequest, response: createDelegationTokenResponse };
const CREATE_FOR_OWNER = { ...CREATE, minVersion: 3, neededFor: 'owner' };
const RENEW = { request: renewDelegationTokenRequest, response: renewDelegationTokenResponse };
const EXPIRE = { request: expireDelegationTokenRequest, response: expireDelegationTokenResponse };
const DESCRIBE = { request: describeDelegationTokenRequest, response: describeDelegationTokenResponse };
/** Of times: what the broker has as its default; to expire: at once. */
const BY_DEFAULT = -1;

export class DelegationTokensAdmin {
  readonly #cluster: Cluster;

  constructor(cluster: Cluster) {
    this.#cluster = cluster;
  }

  /** For the principal that this client has logged in as, or for another `owner`. */
  async create(
    options: CallOptions & { owner?: string; renewers?: readonly string[]; maxLifetimeMs?: number } = {},
  ): Promise<DelegationToken> {
    const { owner, renewers = [], maxLifetimeMs = BY_DEFAULT } = options;
    const parsed = owner === undefined ? undefined : principal(owner);
    const input = {
      ownerPrincipalType: parsed?.principalType ?? null,
      ownerPrincipalName: parsed?.principalName ?? null,
      ...{ renewers: renewers.map(principal), maxLifetimeMs },
    };
    const token = await this.#cluster.request(owner === undefined ? CREATE : CREATE_FOR_OWNER, input, {
      ...options,
      to: 'any',
      retry: wholeAnswer('CreateTokens', owner),
    });
    const { issueTimestampMs, expiryTimestampMs, maxTimestampMs } = token;
    return {
      ...described({ ...token, renewers: input.renewers }),
      ...{ issuedMs: issueTimestampMs, expiresMs: expiryTimestampMs, maxLifetimeEndsMs: maxTimestampMs },
    };
  }

  /** Those that this principal may see: its own, or those of `owners`. */
  async list(options: CallOptions & { owners?: readonly string[] } = {}): Promise<DelegationToken[]> {
    const input = { owners: options.owners?.map(principal) ?? null };
    const { tokens } = await this.#cluster.request(DESCRIBE, input, {
      ...options,
      to: 'any',
      retry: wholeAnswer('Describe'),
    });
    return tokens.map((token) => {
      const { issueTimestamp, expiryTimestamp, maxTimestamp } = token;
      return {
        ...described(token),
        ...{ issuedMs: issueTimestamp, expiresMs: expiryTimestamp, maxLifetimeEndsMs: maxTimestamp },
      };
    });
  }

  /** Puts off when tokens expire: by `periodMs` from now, or delegation.token.expiry.time.ms of the broker. Resolves with when that is. */
  async renew(
    hmacs: Buffer | readonly Buffer[],
    options: CallOptions & { periodMs?: number } = {},
  ): Promise<{ expiresMs: number }[]> {
    const { periodMs: renewPeriodMs = BY_DEFAULT } = options;
    return await each([hmacs].flat(), async (hmac) => {
      const answer = await this.#cluster.request(
        RENEW,
        { hmac, renewPeriodMs },
        { ...options, to: 'any', retry: wholeAnswer('Describe') },
      );
      return { expiresMs: answer.expiryTimestampMs };
    });
  }

  /** Ends tokens: now, or `afterMs` from now. Resolves with when that is. */
  async expire(
    hmacs: Buffer | readonly Buffer[],
    options: CallOptions & { afterMs?: number } = {},
  ): Promise<{ expiresMs: number }[]> {
    const { afterMs: expiryTimePeriodMs = BY_DEFAULT } = options;
    return await each([hmacs].flat(), async (hmac) => {
      const answer = await this.#cluster.request(
        EXPIRE,
        { hmac, expiryTimePeriodMs },
        { ...options, to: 'any', retry: wholeAnswer('Describe') },
      );
      return { expiresMs: answer.expiryTimestampMs };
    });
  }
}

/** 'User:ada' in two parts. */
function principal(text: string): { principalType: string; principalName: string } {
  const [, principalType, principalName] = /^([^:]+):(.+)$/.exec(text) ?? [];
  if (principalType === undefined || principalName === undefined)
    throw new OptionsError(`A principal has a type and a name, as User:ada; '${text}' has not.`);
  return { principalType, principalName };
}

function described(token: {
  readonly tokenId: string;
  readonly hmac: Buffer;
  readonly principalType: string;
  readonly principalName: string;
  readonly tokenRequesterPrincipalType: string;
  readonly tokenRequesterPrincipalName: string;
  readonly renewers: readonly { readonly principalType: string; readonly principalName: string }[];
}) {
  const name = (type: string, name: string): string => (type === '' ? '' : `${type}:${name}`);
  return {
    ...{ tokenId: token.tokenId, hmac: token.hmac },
    owner: name(token.principalType, token.principalName),
    requester: name(token.tokenRequesterPrincipalType, token.tokenRequesterPrincipalName),
    renewers: token.renewers.map(({ principalType, principalName }) => name(principalType, principalName)),
  };
}
