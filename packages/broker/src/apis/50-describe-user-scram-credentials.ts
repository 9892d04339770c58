// DescribeUserScramCredentials (KIP-554). There are no credentials, as nobody has to authenticate; Kafka's tools ask when they list quotas.

import {
  describeUserScramCredentialsRequest,
  describeUserScramCredentialsResponse,
  ErrorCode,
} from '@moldau/protocol';
import { serve } from './handler.ts';

export const describeUserScramCredentials = serve({
  request: describeUserScramCredentialsRequest,
  response: describeUserScramCredentialsResponse,
  minVersion: 0,
  maxVersion: 0,
  handle({ users }) {
    const names = (users ?? []).map(({ name }) => name);
    return {
      errorCode: ErrorCode.NONE,
      errorMessage: null,
      results: [...new Set(names)].map((user) => ({
        user,
        ...(names.indexOf(user) === names.lastIndexOf(user) ? notFound(user) : repeated(user)),
        credentialInfos: [],
      })),
    };
  },
  fail: (_request, errorCode, errorMessage) => ({ errorCode, errorMessage, results: [] }),
});

function notFound(user: string) {
  return {
    errorCode: ErrorCode.RESOURCE_NOT_FOUND,
    errorMessage: `Attempt to describe a user credential that does not exist: ${user}`,
  };
}

function repeated(user: string) {
  return {
    errorCode: ErrorCode.DUPLICATE_RESOURCE,
    errorMessage: `Cannot describe SCRAM credentials for the same user twice in a single request: ${user}`,
  };
}
