// What the APIs of access rules have in common.

import { ErrorCode, KafkaError } from '@moldau/protocol';
import type { AclFilter } from '../security/authorization/acl-filter.ts';
import { hasKnownCodes } from '../security/authorization/acl-filter.ts';
import type { Services } from './handler.ts';

/** @throws KafkaError when nobody decides by rules */
export function checkSecurity({ authorizer }: Pick<Services, 'authorizer'>): void {
  if (!authorizer.isOpen) return;
  const message = 'No Authorizer is configured: set authorizer.class.name to have access rules.';
  throw new KafkaError(ErrorCode.SECURITY_DISABLED, message);
}

/** @throws KafkaError for a kind that there is not */
export function checkFilter(filter: AclFilter): void {
  const { resourceTypeFilter: resourceType, patternTypeFilter: patternType, ...rest } = filter;
  if (hasKnownCodes({ resourceType, patternType, ...rest })) return;
  throw new KafkaError(ErrorCode.INVALID_REQUEST, 'A filter names a kind that there is not.');
}
