// ExpireDelegationToken (KIP-48): ends a token, now or later.

import { ErrorCode, expireDelegationTokenRequest, expireDelegationTokenResponse } from '@moldau/protocol';
import { allowsTokenRequests, NO_TIMESTAMP, tokenTimes } from './delegation-token-requests.ts';
import { serve } from './handler.ts';

export const expireDelegationToken = serve({
  request: expireDelegationTokenRequest,
  response: expireDelegationTokenResponse,
  minVersion: 1,
  maxVersion: 2,
  async handle({ hmac, expiryTimePeriodMs: periodMs }, context, services) {
    const { delegationTokens, controller } = services;
    if (!allowsTokenRequests(context)) return failed(ErrorCode.DELEGATION_TOKEN_REQUEST_NOT_ALLOWED);
    if (!delegationTokens.isEnabled) {
      return { ...failed(ErrorCode.DELEGATION_TOKEN_AUTH_DISABLED), expiryTimestampMs: 0 };
    }
    const tokenId = delegationTokens.idOf(hmac);
    const command = { tokenId, requester: context.principal, periodMs };
    return await controller.expireDelegationToken(command, tokenTimes(services));
  },
  fail: (_request, errorCode) => failed(errorCode),
});

function failed(errorCode: number) {
  return { errorCode, expiryTimestampMs: NO_TIMESTAMP };
}
