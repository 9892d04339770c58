// AlterUserScramCredentials (KIP-554).

import { alterUserScramCredentialsRequest, alterUserScramCredentialsResponse } from '@moldau/protocol';
import { permissions } from '../security/authorization/permissions.ts';
import { demand } from './authorize.ts';
import { serve } from './handler.ts';

export const alterUserScramCredentials = serve({
  request: alterUserScramCredentialsRequest,
  response: alterUserScramCredentialsResponse,
  minVersion: 0,
  maxVersion: 0,
  async handle(request, context, services) {
    demand(services, context, permissions.alterUserScramCredentials.cluster);
    return { results: await services.controller.alterScramCredentials(request) };
  },
  fail: ({ deletions, upsertions }, errorCode, errorMessage) => {
    const users = new Set([...deletions, ...upsertions].map(({ name }) => name));
    return { results: [...users].map((user) => ({ user, errorCode, errorMessage })) };
  },
});
