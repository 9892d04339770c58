// Decides which quotas of clients are set and taken back, and checks them by Kafka's rules (KIP-546).

import type { ClientQuotaEntityPart, ClientQuotaRecord } from '@moldau/metadata';
import { ErrorCode, KafkaError } from '@moldau/protocol';
import type { ReadableMetadata } from './metadata-view.ts';
import { failed, type ItemResult, OK, type Outcome } from './outcome.ts';

export interface QuotaChange {
  readonly key: string;
  readonly value: number;
  readonly remove: boolean;
}

export interface ClientQuotaAlteration {
  readonly entity: readonly ClientQuotaEntityPart[];
  readonly ops: readonly QuotaChange[];
}

export interface AlterClientQuotasCommand {
  readonly entries: readonly ClientQuotaAlteration[];
  readonly validateOnly: boolean;
  /** Names in entities of type ip that are neither an address nor a known host. */
  readonly unknownHosts: ReadonlySet<string>;
}

export interface AlteredClientQuota extends ItemResult {
  readonly entity: readonly ClientQuotaEntityPart[];
}

type Kind = 'long' | 'int' | 'double';

const KEYS_OF_CLIENTS: Readonly<Record<string, Kind>> = {
  producer_byte_rate: 'long',
  consumer_byte_rate: 'long',
  request_percentage: 'double',
  controller_mutation_rate: 'double',
};
const KEYS_OF_ADDRESSES: Readonly<Record<string, Kind>> = { connection_creation_rate: 'int' };
const MAX_VALUE: Readonly<Record<Kind, number>> = {
  int: 2 ** 31 - 1,
  long: 2 ** 63,
  double: Number.POSITIVE_INFINITY,
};
/** What a whole number may be off by, having been a fraction on its way here. */
const EPSILON = 1e-6;

/** Each entity is changed as a whole or not at all. */
export function alterClientQuotas(
  view: ReadableMetadata,
  { entries, validateOnly, unknownHosts }: AlterClientQuotasCommand,
): Outcome<AlteredClientQuota[]> {
  const records: ClientQuotaRecord[] = [];
  const response = entries.map(({ entity, ops }): AlteredClientQuota => {
    try {
      const keys = keysOf(entity, unknownHosts);
      const before = view.clientQuotas.get(entity)?.quotas ?? new Map<string, number>();
      records.push(...changes(entity, before, ops, keys));
      return { entity, ...OK };
    } catch (error) {
      if (!(error instanceof KafkaError)) throw error;
      return { entity, ...failed(error) };
    }
  });
  return { records: validateOnly ? [] : records, response };
}

function changes(
  entity: readonly ClientQuotaEntityPart[],
  before: ReadonlyMap<string, number>,
  ops: readonly QuotaChange[],
  keys: Readonly<Record<string, Kind>>,
): ClientQuotaRecord[] {
  return ops.flatMap(({ key, value, remove }): ClientQuotaRecord[] => {
    if (!remove) check(keys, key, value);
    const isSame = remove ? !before.has(key) : before.get(key) === value;
    if (isSame) return [];
    return [{ type: 'client-quota', entity, key, value: remove ? 0 : value, isRemoved: remove }];
  });
}

/** The keys that may be set for an entity. */
function keysOf(
  entity: readonly ClientQuotaEntityPart[],
  unknownHosts: ReadonlySet<string>,
): Readonly<Record<string, Kind>> {
  if (entity.length === 0) throw invalid('Invalid empty client quota entity');
  for (const { entityType, entityName } of entity) {
    if (entityType !== 'user' && entityType !== 'client-id' && entityType !== 'ip')
      throw invalid(`Unhandled client quota entity type: ${entityType}`);
    if (entityName === '') throw invalid(`Empty ${entityType} not supported`);
  }
  const address = entity.find(({ entityType }) => entityType === 'ip');
  if (address === undefined) return KEYS_OF_CLIENTS;
  if (entity.length > 1) {
    throw invalid('Invalid quota entity combination: an ip cannot be combined with a user or client-id');
  }
  if (address.entityName !== null && unknownHosts.has(address.entityName))
    throw invalid(`${address.entityName} is not a valid IP or resolvable host.`);
  return KEYS_OF_ADDRESSES;
}

function check(keys: Readonly<Record<string, Kind>>, key: string, value: number): void {
  const kind = Object.hasOwn(keys, key) ? keys[key] : undefined;
  if (kind === undefined) throw invalid(`Invalid configuration key ${key}`);
  if (!(value > 0)) throw invalid(`Quota ${key} must be greater than 0`);
  if (value > MAX_VALUE[kind])
    throw invalid(`Proposed value for ${key} is too large for a ${kind.toUpperCase()}.`);
  if (kind !== 'double' && Math.abs(value - Math.round(value)) > EPSILON)
    throw invalid(`${key} cannot be a fractional value.`);
}

function invalid(message: string): KafkaError {
  return new KafkaError(ErrorCode.INVALID_REQUEST, message);
}
