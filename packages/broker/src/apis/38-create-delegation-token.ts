// CreateDelegationToken (KIP-48; on behalf of another by KIP-373).

import {
  type CreateDelegationTokenRequest,
  createDelegationTokenRequest,
  createDelegationTokenResponse,
  ErrorCode,
} from '@moldau/protocol';
import { permissions } from '../security/authorization/permissions.ts';
import { ANONYMOUS } from '../security/principal.ts';
import { may } from './authorize.ts';
import {
  allowsTokenRequests,
  NO_TIMESTAMP,
  principalOf,
  principalParts,
  tokenTimes,
  USER_TYPE,
} from './delegation-token-requests.ts';
import { type RequestContext, serve } from './handler.ts';

export const createDelegationToken = serve({
  request: createDelegationTokenRequest,
  response: createDelegationTokenResponse,
  minVersion: 1,
  maxVersion: 3,
  async handle(request, context, services) {
    const { delegationTokens, controller } = services;
    const owner = ownerOf(request, context);
    const principals = principalsOf(owner, context.principal);
    const refused = (errorCode: number) => ({ ...NOTHING, ...principals, errorCode });
    if (!allowsTokenRequests(context)) return refused(ErrorCode.DELEGATION_TOKEN_REQUEST_NOT_ALLOWED);
    if (
      owner !== context.principal &&
      !may(services, context, permissions.createDelegationToken.owner, owner)
    )
      return refused(permissions.createDelegationToken.owner.denied);
    const types = [principals.principalType, ...request.renewers.map(({ principalType }) => principalType)];
    if (types.some((type) => type !== USER_TYPE)) return refused(ErrorCode.INVALID_PRINCIPAL_TYPE);
    if (!delegationTokens.isEnabled)
      return { ...refused(ErrorCode.DELEGATION_TOKEN_AUTH_DISABLED), ...NO_TIMES };
    const token = await controller.createDelegationToken(
      {
        owner,
        requester: context.principal,
        renewers: request.renewers.map(principalOf),
        lifetimeMs: request.maxLifetimeMs,
      },
      tokenTimes(services),
    );
    const hmac = delegationTokens.hmac(token.tokenId);
    return { ...token, ...principals, hmac, errorCode: ErrorCode.NONE };
  },
  fail: (_request, errorCode) => ({ ...NOTHING, ...principalsOf(ANONYMOUS, ANONYMOUS), errorCode }),
});

/** What Kafka answers while there are no tokens. */
const NO_TIMES = { issueTimestampMs: 0, expiryTimestampMs: 0, maxTimestampMs: 0 };

const NOTHING = {
  issueTimestampMs: NO_TIMESTAMP,
  expiryTimestampMs: NO_TIMESTAMP,
  maxTimestampMs: NO_TIMESTAMP,
  tokenId: '',
  hmac: Buffer.alloc(0),
};

function ownerOf(request: CreateDelegationTokenRequest, { principal }: RequestContext): string {
  const { ownerPrincipalType, ownerPrincipalName } = request;
  return ownerPrincipalName ? `${ownerPrincipalType ?? ''}:${ownerPrincipalName}` : principal;
}

function principalsOf(owner: string, requester: string) {
  const { principalType, principalName } = principalParts(requester);
  return {
    ...principalParts(owner),
    tokenRequesterPrincipalType: principalType,
    tokenRequesterPrincipalName: principalName,
  };
}
