// DescribeUserScramCredentials (KIP-554): who can log in by which mechanism, and nothing that would help in it.

import type { MetadataImage } from '@moldau/metadata';
import {
  describeUserScramCredentialsRequest,
  describeUserScramCredentialsResponse,
  ErrorCode,
} from '@moldau/protocol';
import { splitDuplicates } from '../controller/outcome.ts';
import { permissions } from '../security/authorization/permissions.ts';
import { demand } from './authorize.ts';
import { serve } from './handler.ts';

export const describeUserScramCredentials = serve({
  request: describeUserScramCredentialsRequest,
  response: describeUserScramCredentialsResponse,
  minVersion: 0,
  maxVersion: 0,
  handle({ users }, context, services) {
    demand(services, context, permissions.describeUserScramCredentials.cluster);
    const { scramCredentials } = services.metadata();
    const asked = (users ?? []).map(({ name }) => name);
    const names = asked.length === 0 ? [...scramCredentials.users()] : asked;
    const repeatedNames = new Set(splitDuplicates(names, (name) => name).duplicates);
    return {
      errorCode: ErrorCode.NONE,
      errorMessage: null,
      results: [...new Set(names)].map((user) =>
        repeatedNames.has(user) ? repeated(user) : described(user, scramCredentials),
      ),
    };
  },
  fail: ({ users }, errorCode, errorMessage) => ({
    ...{ errorCode, errorMessage },
    // As Kafka: one for each user, without the name.
    results: (users ?? []).map(() => ({ user: '', errorCode, errorMessage, credentialInfos: [] })),
  }),
});

function described(user: string, scramCredentials: MetadataImage['scramCredentials']) {
  const credentials = [...scramCredentials.of(user)].sort(([one], [other]) => one - other);
  if (credentials.length === 0) {
    return {
      user,
      errorCode: ErrorCode.RESOURCE_NOT_FOUND,
      errorMessage: `Attempt to describe a user credential that does not exist: ${user}`,
      credentialInfos: [],
    };
  }
  const credentialInfos = credentials.map(([mechanism, { iterations }]) => ({ mechanism, iterations }));
  return { user, errorCode: ErrorCode.NONE, errorMessage: null, credentialInfos };
}

function repeated(user: string) {
  return {
    user,
    errorCode: ErrorCode.DUPLICATE_RESOURCE,
    errorMessage: `Cannot describe SCRAM credentials for the same user twice in a single request: ${user}`,
    credentialInfos: [],
  };
}
