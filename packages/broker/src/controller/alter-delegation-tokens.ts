// Decides what becomes of delegation tokens by Kafka's rules (KIP-48, KIP-373): who may do what with one was asked before, who may renew and end
// one is part of the token.

import type { DelegationTokenImage, MetadataRecord } from '@moldau/metadata';
import { ErrorCode } from '@moldau/protocol';
import type { ReadableMetadata } from './metadata-view.ts';
import type { Outcome } from './outcome.ts';

export interface CreateDelegationTokenCommand {
  /** Principals, as in 'User:ada'. */
  readonly owner: string;
  readonly requester: string;
  readonly renewers: readonly string[];
  /** 0 or less: as long as there may be. */
  readonly lifetimeMs: number;
}

export interface ProlongDelegationTokenCommand {
  /** undefined: nobody knows the HMAC that was shown. */
  readonly tokenId: string | undefined;
  readonly requester: string;
  /** From now on. To renew, 0 or less: as long as there may be; to expire, less than 0: ends now. */
  readonly periodMs: number;
}

export interface DelegationTokenTimes {
  readonly nowMs: number;
  /** delegation.token.max.lifetime.ms */
  readonly maxLifetimeMs: number;
  /** delegation.token.expiry.time.ms */
  readonly renewalMs: number;
}

export interface ProlongedDelegationToken {
  readonly errorCode: number;
  /** 0 on errors. */
  readonly expiryTimestampMs: number;
}

/** As many as are removed with one append. */
const MAX_REMOVED = 1000;

export function createDelegationToken(
  tokenId: string,
  { owner, requester, renewers, lifetimeMs }: CreateDelegationTokenCommand,
  { nowMs, maxLifetimeMs, renewalMs }: DelegationTokenTimes,
): Outcome<DelegationTokenImage> {
  const maxTimestampMs = nowMs + (lifetimeMs > 0 ? Math.min(lifetimeMs, maxLifetimeMs) : maxLifetimeMs);
  const token: DelegationTokenImage = {
    ...{ tokenId, owner, requester, renewers, maxTimestampMs },
    issueTimestampMs: nowMs,
    expiryTimestampMs: Math.min(maxTimestampMs, nowMs + renewalMs),
  };
  return { records: [{ type: 'delegation-token', ...token }], response: token };
}

export function renewDelegationToken(
  view: ReadableMetadata,
  { tokenId, requester, periodMs }: ProlongDelegationTokenCommand,
  { nowMs, renewalMs }: DelegationTokenTimes,
): Outcome<ProlongedDelegationToken> {
  const token = find(view, tokenId);
  if (token === undefined) return refused(ErrorCode.DELEGATION_TOKEN_NOT_FOUND);
  if (hasExpired(token, nowMs)) return refused(ErrorCode.DELEGATION_TOKEN_EXPIRED);
  if (!mayRenew(token, requester)) return refused(ErrorCode.DELEGATION_TOKEN_OWNER_MISMATCH);
  return endsAt(token, nowMs + (periodMs > 0 ? Math.min(periodMs, renewalMs) : renewalMs));
}

export function expireDelegationToken(
  view: ReadableMetadata,
  { tokenId, requester, periodMs }: ProlongDelegationTokenCommand,
  { nowMs }: DelegationTokenTimes,
): Outcome<ProlongedDelegationToken> {
  const token = find(view, tokenId);
  if (token === undefined) return refused(ErrorCode.DELEGATION_TOKEN_NOT_FOUND);
  if (!mayRenew(token, requester)) return refused(ErrorCode.DELEGATION_TOKEN_OWNER_MISMATCH);
  if (periodMs < 0) {
    const records: MetadataRecord[] = [{ type: 'delegation-token-removed', tokenId: token.tokenId }];
    return { records, response: { errorCode: ErrorCode.NONE, expiryTimestampMs: nowMs } };
  }
  if (hasExpired(token, nowMs)) return refused(ErrorCode.DELEGATION_TOKEN_EXPIRED);
  return endsAt(token, nowMs + periodMs);
}

/** Removes those that have expired, as many as fit into one append; the response says how many those are. */
export function removeExpiredDelegationTokens(view: ReadableMetadata, nowMs: number): Outcome<number> {
  const records: MetadataRecord[] = [];
  for (const token of view.delegationTokens.values()) {
    if (records.length === MAX_REMOVED) break;
    if (hasExpired(token, nowMs)) records.push({ type: 'delegation-token-removed', tokenId: token.tokenId });
  }
  return { records, response: records.length };
}

function find(view: ReadableMetadata, tokenId: string | undefined): DelegationTokenImage | undefined {
  return tokenId === undefined ? undefined : view.delegationTokens.get(tokenId);
}

function hasExpired({ expiryTimestampMs, maxTimestampMs }: DelegationTokenImage, nowMs: number): boolean {
  return Math.min(expiryTimestampMs, maxTimestampMs) < nowMs;
}

/** Who asked for a token on behalf of another may see it, no more. */
function mayRenew({ owner, renewers }: DelegationTokenImage, principal: string): boolean {
  return owner === principal || renewers.includes(principal);
}

function endsAt(token: DelegationTokenImage, timestampMs: number): Outcome<ProlongedDelegationToken> {
  const expiryTimestampMs = Math.min(token.maxTimestampMs, timestampMs);
  return {
    records: [{ type: 'delegation-token', ...token, expiryTimestampMs }],
    response: { errorCode: ErrorCode.NONE, expiryTimestampMs },
  };
}

function refused(errorCode: number): Outcome<ProlongedDelegationToken> {
  return { records: [], response: { errorCode, expiryTimestampMs: 0 } };
}
