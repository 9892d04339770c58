// Quotas: how much clients may use, by user, by client id, by both, or by address.

import {
  alterClientQuotasRequest,
  alterClientQuotasResponse,
  describeClientQuotasRequest,
  describeClientQuotasResponse,
} from '@moldau/protocol';
import type { CallOptions, Cluster } from '../cluster/cluster.ts';
import { OptionsError } from '../errors/kafka-error.ts';
import { allOrThrow, errorOf, wholeAnswer } from './results.ts';
import type { ChangeOptions } from './topics.ts';

/** Kafka's types of entities. */
const ENTITY_TYPES = { user: 'user', clientId: 'client-id', ip: 'ip' } as const;
type EntityKey = keyof typeof ENTITY_TYPES;

/** Whom a quota is for. null is the default: all who have none of their own. */
export interface QuotaEntity {
  readonly user?: string | null;
  readonly clientId?: string | null;
  /** Stands alone, and only has connectionCreationRate. */
  readonly ip?: string | null;
}

/** Limits, by Kafka's names in camelCase. */
export interface QuotaValues {
  /** Bytes per second, on each broker. */
  readonly producerByteRate?: number;
  readonly consumerByteRate?: number;
  /** Of the time of one thread of a broker: 200 is two threads. */
  readonly requestPercentage?: number;
  /** Partitions made and deleted per second. */
  readonly controllerMutationRate?: number;
  /** Connections per second, on each broker. */
  readonly connectionCreationRate?: number;
  readonly [name: string]: number | undefined;
}

export interface QuotaDescription {
  readonly entity: QuotaEntity;
  readonly values: QuotaValues;
}

export interface QuotaChange {
  readonly entity: QuotaEntity;
  /** null takes the limit away. */
  readonly values: { readonly [Name in keyof QuotaValues]: QuotaValues[Name] | null };
}

/** Of each part of an entity: a name, null for the default, true for any that is given. */
export interface QuotaFilter {
  readonly user?: string | null | true;
  readonly clientId?: string | null | true;
  readonly ip?: string | null | true;
}

const DESCRIBE = { request: describeClientQuotasRequest, response: describeClientQuotasResponse };
const ALTER = { request: alterClientQuotasRequest, response: alterClientQuotasResponse };
const MATCH = { exact: 0, default: 1, any: 2 } as const;

export class QuotasAdmin {
  readonly #cluster: Cluster;

  constructor(cluster: Cluster) {
    this.#cluster = cluster;
  }

  /** All quotas, or those of entities with these parts; with `strict`, and with no others. */
  async describe(
    filter: QuotaFilter = {},
    options: CallOptions & { strict?: boolean } = {},
  ): Promise<QuotaDescription[]> {
    const components = parts(filter).map(([entityType, wanted]) => ({
      entityType,
      matchType: wanted === null ? MATCH.default : wanted === true ? MATCH.any : MATCH.exact,
      match: typeof wanted === 'string' ? wanted : null,
    }));
    const input = { components, strict: options.strict ?? false };
    const { entries } = await this.#cluster.request(DESCRIBE, input, {
      ...options,
      to: 'any',
      retry: wholeAnswer('DescribeConfigs'),
    });
    return (entries ?? []).map(({ entity, values }) => ({
      entity: Object.fromEntries(entity.map(({ entityType, entityName }) => [keyOf(entityType), entityName])),
      values: Object.fromEntries(values.map(({ key, value }) => [camel(key), value])),
    }));
  }

  /** Sets limits, and takes those away that are null; others stay. */
  async alter(changes: QuotaChange | readonly QuotaChange[], options: ChangeOptions = {}): Promise<void> {
    const asked = [changes].flat();
    if (asked.length === 0) return;
    const entries = asked.map(({ entity, values }) => ({
      entity: entityParts(entity),
      ops: Object.entries(values).map(([name, value]) => ({
        key: snake(name),
        value: value ?? 0,
        remove: value === null,
      })),
    }));
    const input = { entries, validateOnly: options.validateOnly ?? false };
    const answer = await this.#cluster.request(ALTER, input, { ...options, to: 'any', retry: {} });
    const byEntity = new Map(answer.entries.map((entry) => [text(entry.entity), entry]));
    allOrThrow(
      entries.map(({ entity }) =>
        errorOf(byEntity.get(text(entity)), {
          resource: `quota of ${text(entity)}`,
          operation: 'AlterConfigs',
        }),
      ),
    );
  }
}

function parts<Value>(entity: { readonly [key in EntityKey]?: Value }): [entityType: string, value: Value][] {
  return Object.entries(entity).map(([key, value]) => {
    if (!Object.hasOwn(ENTITY_TYPES, key))
      throw new OptionsError(`Quotas are by ${Object.keys(ENTITY_TYPES).join(', ')}, and not by ${key}.`);
    if (value === undefined)
      throw new OptionsError(`${key} is undefined: null is the default, of all who have no own.`);
    return [ENTITY_TYPES[key as EntityKey], value];
  });
}

function entityParts(entity: QuotaEntity): { entityType: string; entityName: string | null }[] {
  const found = parts<string | null>(entity);
  if (found.length === 0) throw new OptionsError('A quota is for a user, a clientId, both, or an ip.');
  if (entity.ip !== undefined && found.length > 1)
    throw new OptionsError('A quota by ip is for no user and no clientId.');
  return found.map(([entityType, entityName]) => ({ entityType, entityName }));
}

/** Answers may have the parts in another order. */
function text(
  entity: readonly { readonly entityType: string; readonly entityName: string | null }[],
): string {
  const named = entity.map(({ entityType, entityName }) => `${entityType} ${entityName ?? '(default)'}`);
  return named.sort().join(', ');
}

function keyOf(entityType: string): string {
  return Object.entries(ENTITY_TYPES).find(([, type]) => type === entityType)?.[0] ?? entityType;
}

function camel(name: string): string {
  return name.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());
}

function snake(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}
