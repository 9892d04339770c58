// Access rules: who may do what. Only brokers with an authorizer have them; others answer SECURITY_DISABLED.

import {
  createAclsRequest,
  createAclsResponse,
  deleteAclsRequest,
  deleteAclsResponse,
  describeAclsRequest,
  describeAclsResponse,
} from '@moldau/protocol';
import type { CallOptions, Cluster } from '../cluster/cluster.ts';
import { type KafkaError, OptionsError } from '../errors/kafka-error.ts';
import {
  type AclBinding,
  type AclDescription,
  type AclFilter,
  decodeAcl,
  encodeBinding,
  encodeFilter,
} from './acl-values.ts';
import { allOrThrow, errorOf, wholeAnswer } from './results.ts';

const DESCRIBE = { request: describeAclsRequest, response: describeAclsResponse, minVersion: 1 };
const CREATE = { request: createAclsRequest, response: createAclsResponse, minVersion: 1 };
const CREATE_FOR_USERS = { ...CREATE, minVersion: 3, neededFor: "rules of the resource type 'user'" };
const DELETE = { request: deleteAclsRequest, response: deleteAclsResponse, minVersion: 1 };

export class AclsAdmin {
  readonly #cluster: Cluster;

  constructor(cluster: Cluster) {
    this.#cluster = cluster;
  }

  /** All rules, or those that the filter is for. */
  async list(filter: AclFilter = {}, options: CallOptions = {}): Promise<AclDescription[]> {
    const { resources } = await this.#cluster.request(DESCRIBE, encodeFilter(filter), {
      ...options,
      to: 'any',
      retry: wholeAnswer('Describe'),
    });
    return resources.flatMap(({ acls, ...resource }) => acls.map((acl) => decodeAcl(acl, resource)));
  }

  /** A rule that is there already stays. @throws OptionsError for a rule that could never count: nothing is sent then */
  async create(bindings: AclBinding | readonly AclBinding[], options: CallOptions = {}): Promise<void> {
    const asked = [bindings].flat();
    const creations = asked.map(encodeBinding);
    if (creations.length === 0) return;
    const api = asked.some(({ resource }) => resource.type === 'user') ? CREATE_FOR_USERS : CREATE;
    const { results } = await this.#cluster.request(api, { creations }, { ...options, to: 'any', retry: {} });
    allOrThrow(
      creations.map(({ principal, resourceName }, index) =>
        errorOf(results[index], { resource: `rule for ${principal} on ${resourceName}`, operation: 'Alter' }),
      ),
    );
  }

  /** Those that any of the filters is for. Resolves with the rules that were deleted; a filter that is empty is refused. */
  async delete(
    filters: AclFilter | readonly AclFilter[],
    options: CallOptions = {},
  ): Promise<AclDescription[]> {
    const asked = [filters].flat();
    if (asked.some((filter) => Object.keys(filter).length === 0))
      throw new OptionsError(
        "An empty filter would delete every access rule: say { operation: 'any' } if that is meant.",
      );
    if (asked.length === 0) return [];
    const input = { filters: asked.map(encodeFilter) };
    const { filterResults } = await this.#cluster.request(DELETE, input, {
      ...options,
      to: 'any',
      retry: {},
    });
    return allOrThrow(
      asked.flatMap((_, index): (AclDescription | KafkaError)[] => {
        const result = filterResults[index];
        const error = errorOf(result, { operation: 'Alter' });
        if (error !== undefined) return [error];
        return result!.matchingAcls.map((acl) => {
          const rule = decodeAcl(acl, acl);
          return errorOf(acl, { resource: `rule for ${rule.principal} on ${rule.resource.name}` }) ?? rule;
        });
      }),
    );
  }
}
