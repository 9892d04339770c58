// Decides which access rules come and go, by Kafka's rules (KIP-11, KIP-290).

import type { Acl, AclImage, MetadataRecord } from '@moldau/metadata';
import { ErrorCode, KafkaError, type Uuid } from '@moldau/protocol';
import {
  AclOperation,
  CLUSTER_NAME,
  nameOf,
  PatternType,
  PermissionType,
  ResourceType,
} from '../security/authorization/acl.ts';
import { type AclFilter, matchesFilter } from '../security/authorization/acl-filter.ts';
import { MetadataView, type ReadableMetadata } from './metadata-view.ts';
import { failed, type ItemResult, OK, type Outcome } from './outcome.ts';

/** More than this in one request stalls everybody. */
const MAX_DELETED = 10_000;

export interface DeletedAcls extends ItemResult {
  readonly matching: readonly AclImage[];
}

/** Each rule is added or refused by itself; one that is there already stays as it is. */
export function createAcls(
  view: ReadableMetadata,
  acls: readonly Acl[],
  newId: () => Uuid,
): Outcome<ItemResult[]> {
  const records: MetadataRecord[] = [];
  // A rule may stand twice in one request.
  const seen = new MetadataView(view);
  const response = acls.map((acl): ItemResult => {
    const problem = problemOf(acl);
    if (problem !== undefined) return failed(new KafkaError(ErrorCode.INVALID_REQUEST, problem));
    if (seen.acls.has(acl)) return OK;
    const record = { type: 'acl', id: newId(), ...acl } as const;
    seen.apply(record);
    records.push(record);
    return OK;
  });
  return { records, response };
}

/** Every filter tells all that it means, also what another one has deleted already. */
export function deleteAcls(
  view: ReadableMetadata,
  filters: readonly AclFilter[],
): Outcome<readonly DeletedAcls[]> {
  const all = [...view.acls.all()];
  const deleted = new Set<Uuid>();
  const response = filters.map((filter): DeletedAcls => {
    const matching = all.filter((acl) => matchesFilter(filter, acl));
    for (const { id } of matching) deleted.add(id);
    if (deleted.size > MAX_DELETED) {
      const message = `Cannot remove more than ${MAX_DELETED} acls in a single delete operation.`;
      throw new KafkaError(ErrorCode.INVALID_REQUEST, message);
    }
    return { ...OK, matching };
  });
  return { records: [...deleted].map((id) => ({ type: 'acl-removed', id })), response };
}

function problemOf(acl: Acl): string | undefined {
  const { resourceType, resourceName, patternType, principal, operation, permissionType } = acl;
  if (resourceType === ResourceType.CLUSTER && resourceName !== CLUSTER_NAME)
    return `The only valid name for the CLUSTER resource is ${CLUSTER_NAME}`;
  if (resourceName === '') return 'Invalid empty resource name';
  if (resourceType === ResourceType.ANY) return `Invalid resourceType ${nameOf(ResourceType, resourceType)}`;
  if (patternType !== PatternType.LITERAL && patternType !== PatternType.PREFIXED)
    return `Invalid patternType ${nameOf(PatternType, patternType)}`;
  if (operation === AclOperation.ANY) return `Invalid operation ${nameOf(AclOperation, operation)}`;
  if (permissionType === PermissionType.ANY)
    return `Invalid permissionType ${nameOf(PermissionType, permissionType)}`;
  if (!principal.includes(':'))
    return `Could not parse principal from \`${principal}\` (no colon is present separating the principal type from the principal name)`;
  return undefined;
}
