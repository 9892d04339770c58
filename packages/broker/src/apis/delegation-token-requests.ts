// What the four APIs of delegation tokens (KIP-48) have in common.

import type { DelegationTokenTimes } from '../controller/alter-delegation-tokens.ts';
import { ANONYMOUS } from '../security/principal.ts';
import type { RequestContext, Services } from './handler.ts';

/** In answers that tell of no token. */
export const NO_TIMESTAMP = -1;
/** The only type of principals that own and renew tokens: a login with a token makes a user. */
export const USER_TYPE = 'User';

export interface PrincipalParts {
  readonly principalType: string;
  readonly principalName: string;
}

/** A token may not beget others, and stands for somebody who has logged in. */
export function allowsTokenRequests({
  authentication,
  securityProtocol,
  principal,
}: RequestContext): boolean {
  if (authentication.identity.isTokenAuthenticated || securityProtocol === 'PLAINTEXT') return false;
  return securityProtocol !== 'SSL' || principal !== ANONYMOUS;
}

export function principalOf({ principalType, principalName }: PrincipalParts): string {
  return `${principalType}:${principalName}`;
}

export function principalParts(principal: string): PrincipalParts {
  const colon = principal.indexOf(':');
  return { principalType: principal.slice(0, colon), principalName: principal.slice(colon + 1) };
}

export function tokenTimes({ clock, config }: Services): DelegationTokenTimes {
  return {
    nowMs: clock.wallMs(),
    maxLifetimeMs: config.get('delegation.token.max.lifetime.ms'),
    renewalMs: config.get('delegation.token.expiry.time.ms'),
  };
}
