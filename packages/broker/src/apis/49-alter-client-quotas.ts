// AlterClientQuotas (KIP-546; entities of type ip by KIP-612).

import { alterClientQuotasRequest, alterClientQuotasResponse } from '@moldau/protocol';
import { permissions } from '../security/authorization/permissions.ts';
import { demand } from './authorize.ts';
import { serve } from './handler.ts';

export const alterClientQuotas = serve({
  request: alterClientQuotasRequest,
  response: alterClientQuotasResponse,
  minVersion: 0,
  maxVersion: 1,
  async handle({ entries, validateOnly }, context, services) {
    const { controller, network } = services;
    demand(services, context, permissions.alterClientQuotas.cluster);
    const hosts = entries.flatMap(({ entity }) =>
      entity.flatMap(({ entityType, entityName }) =>
        entityType === 'ip' && entityName !== null && entityName !== '' ? [entityName] : [],
      ),
    );
    const unknownHosts = new Set<string>();
    for (const host of new Set(hosts)) {
      if ((await network.lookup(host)).length === 0) unknownHosts.add(host);
    }
    return { entries: await controller.alterClientQuotas({ entries, validateOnly, unknownHosts }) };
  },
  fail: ({ entries }, errorCode, errorMessage) => ({
    entries: entries.map(({ entity }) => ({ entity, errorCode, errorMessage })),
  }),
});
