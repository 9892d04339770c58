// DescribeDelegationToken (KIP-48): the tokens that the asker owns, has asked for or may renew, and those he may see beyond.

import type { DelegationTokenImage } from '@moldau/metadata';
import { describeDelegationTokenRequest, describeDelegationTokenResponse, ErrorCode } from '@moldau/protocol';
import { permissions } from '../security/authorization/permissions.ts';
import { may } from './authorize.ts';
import { allowsTokenRequests, principalOf, principalParts } from './delegation-token-requests.ts';
import { serve } from './handler.ts';

export const describeDelegationToken = serve({
  request: describeDelegationTokenRequest,
  response: describeDelegationTokenResponse,
  minVersion: 1,
  maxVersion: 3,
  handle({ owners }, context, services) {
    const { delegationTokens, metadata } = services;
    if (!allowsTokenRequests(context)) return failed(ErrorCode.DELEGATION_TOKEN_REQUEST_NOT_ALLOWED);
    if (!delegationTokens.isEnabled) return failed(ErrorCode.DELEGATION_TOKEN_AUTH_DISABLED);
    const principals = owners && new Set(owners.map(principalOf));
    const maySee = (token: DelegationTokenImage) =>
      concerns(token, new Set([context.principal])) ||
      may(services, context, permissions.describeDelegationToken.token, token.tokenId) ||
      may(services, context, permissions.describeDelegationToken.owner, token.owner);
    const tokens = [...metadata().delegationTokens.values()].filter(
      (token) => (principals === null || concerns(token, principals)) && maySee(token),
    );
    return {
      errorCode: ErrorCode.NONE,
      tokens: tokens.map((token) => described(token, delegationTokens.hmac(token.tokenId))),
    };
  },
  fail: (_request, errorCode) => failed(errorCode),
});

function failed(errorCode: number) {
  return { errorCode, tokens: [] };
}

function concerns(
  { owner, requester, renewers }: DelegationTokenImage,
  principals: ReadonlySet<string>,
): boolean {
  return [owner, requester, ...renewers].some((principal) => principals.has(principal));
}

function described(token: DelegationTokenImage, hmac: Buffer) {
  const requester = principalParts(token.requester);
  return {
    ...principalParts(token.owner),
    tokenRequesterPrincipalType: requester.principalType,
    tokenRequesterPrincipalName: requester.principalName,
    issueTimestamp: token.issueTimestampMs,
    expiryTimestamp: token.expiryTimestampMs,
    maxTimestamp: token.maxTimestampMs,
    tokenId: token.tokenId,
    hmac,
    renewers: token.renewers.map(principalParts),
  };
}
