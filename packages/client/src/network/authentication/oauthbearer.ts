// OAUTHBEARER (RFC 7628): shows the broker a token that the application got from an identity provider.

import { AuthenticationError } from '../../errors/kafka-error.ts';
import type { OAuthToken } from '../../options/client-options.ts';
import type { SaslExchange } from './sasl.ts';

const SEPARATOR = '\x01';
const TOKEN = /^[-_~+/.a-zA-Z0-9]+=*$/;
/** Says that the broker's reason was heard, upon which the broker ends the login. */
const ACKNOWLEDGEMENT = Buffer.of(1);

/** The provider is asked at the login, so a token is as fresh as it can be. */
export function oauthBearer(token: () => string | OAuthToken | Promise<string | OAuthToken>): SaslExchange {
  return {
    async first() {
      const { value, extensions = {} } = await freshToken(token);
      const pairs = Object.entries(extensions).map(([key, text]) => `${key}=${text}${SEPARATOR}`);
      return Buffer.from(`n,,${SEPARATOR}auth=Bearer ${value}${SEPARATOR}${pairs.join('')}${SEPARATOR}`);
    },
    next: (challenge) => (challenge.length === 0 ? undefined : ACKNOWLEDGEMENT),
  };
}

async function freshToken(
  token: () => string | OAuthToken | Promise<string | OAuthToken>,
): Promise<OAuthToken> {
  let given: string | OAuthToken;
  try {
    given = await token();
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new AuthenticationError(
      'AUTHENTICATION_FAILED',
      `There is no token to log in with: sasl.token failed: ${reason}`,
      {
        cause: error,
      },
    );
  }
  const result = typeof given === 'string' ? { value: given } : given;
  if (typeof result?.value !== 'string' || !TOKEN.test(result.value)) {
    throw new AuthenticationError(
      'AUTHENTICATION_FAILED',
      'There is no token to log in with: sasl.token returned something else (a token of letters, digits and -_~+/. is expected).',
    );
  }
  return result;
}
