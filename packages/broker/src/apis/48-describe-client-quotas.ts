// DescribeClientQuotas (KIP-546; entities of type ip by KIP-612).

import type { ClientQuotaEntityPart } from '@moldau/metadata';
import {
  type DescribeClientQuotasRequest,
  describeClientQuotasRequest,
  describeClientQuotasResponse,
  ErrorCode,
  KafkaError,
} from '@moldau/protocol';
import { permissions } from '../security/authorization/permissions.ts';
import { demand } from './authorize.ts';
import { serve } from './handler.ts';

type Component = DescribeClientQuotasRequest['components'][number];

/** Kafka's numbers: this name, the default, or any that is set. */
const MatchType = { EXACT: 0, DEFAULT: 1, SPECIFIED: 2 } as const;
const ENTITY_TYPES = ['user', 'client-id', 'ip'];

export const describeClientQuotas = serve({
  request: describeClientQuotasRequest,
  response: describeClientQuotasResponse,
  minVersion: 0,
  maxVersion: 1,
  handle({ components, strict }, context, services) {
    demand(services, context, permissions.describeClientQuotas.cluster);
    checkComponents(components);
    const entries = [...services.metadata().clientQuotas.all()]
      .filter(({ entity }) => matches(entity, components, strict))
      .map(({ entity, quotas }) => ({
        entity,
        values: [...quotas].map(([key, value]) => ({ key, value })),
      }));
    return { errorCode: ErrorCode.NONE, errorMessage: '', entries };
  },
  fail: (_request, errorCode, errorMessage) => ({ errorCode, errorMessage, entries: null }),
});

/** Nothing matches a strict filter that names nothing. */
function matches(
  entity: readonly ClientQuotaEntityPart[],
  components: readonly Component[],
  isStrict: boolean,
): boolean {
  if (isStrict && entity.length !== components.length) return false;
  return components.every(({ entityType, matchType, match }) => {
    const part = entity.find((each) => each.entityType === entityType);
    if (part === undefined) return false;
    return matchType === MatchType.SPECIFIED || part.entityName === match;
  });
}

function checkComponents(components: readonly Component[]): void {
  const types = new Set<string>();
  for (const component of components) {
    const { entityType } = component;
    if (entityType === '') throw invalid('Invalid empty entity type.');
    if (types.has(entityType))
      throw invalid(`Entity type ${entityType} cannot appear more than once in the filter.`);
    if (!ENTITY_TYPES.includes(entityType))
      throw new KafkaError(ErrorCode.UNSUPPORTED_VERSION, `Unsupported entity type ${entityType}`);
    types.add(entityType);
    checkMatch(component);
  }
  if (types.has('ip') && types.size > 1)
    throw invalid('Invalid entity filter: an ip cannot be combined with a user or client-id.');
}

function checkMatch({ matchType, match }: Component): void {
  switch (matchType) {
    case MatchType.EXACT:
      if (match === null) throw invalid('Request specified MATCH_TYPE_EXACT, but set match string to null.');
      return;
    case MatchType.DEFAULT:
      if (match !== null)
        throw invalid('Request specified MATCH_TYPE_DEFAULT, but also specified a match string.');
      return;
    case MatchType.SPECIFIED:
      if (match !== null)
        throw invalid('Request specified MATCH_TYPE_SPECIFIED, but also specified a match string.');
      return;
    default:
      throw invalid(`Unknown match type ${matchType}`);
  }
}

function invalid(message: string): KafkaError {
  return new KafkaError(ErrorCode.INVALID_REQUEST, message);
}
