// OAUTHBEARER (RFC 7628): the client shows a token that an identity provider has signed for it. A token that does not hold is answered with a
// JSON that says so, which the client acknowledges, and only then the login fails: that is how clients tell a bad token from a broken line.
//
// Invariant: a client is told that its token does not hold, never why; the reason is for the log.

import type { Clock, Disk, Http, Logger, Timers } from '@moldau/io';
import type { ListenerSecurity } from '../../config/listener-configs.ts';
import { userPrincipal } from '../principal.ts';
import { JsonWebKeys } from './json-web-keys.ts';
import { parseClientFirstMessage } from './oauthbearer-message.ts';
import { OAUTHBEARER, oauthBearerSettings } from './oauthbearer-settings.ts';
import { SaslError, type SaslExchange, type SaslMechanism, type SaslStep } from './sasl-mechanism.ts';
import { InvalidTokenError, TokenValidator, type ValidToken } from './token-validator.ts';

export interface OAuthBearerOptions {
  readonly listener: ListenerSecurity;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly disk: Disk;
  readonly http: Http;
  readonly logger: Logger;
}

const INVALID_TOKEN = '{"status":"invalid_token"}';
const ACKNOWLEDGEMENT = Buffer.of(1);
const NO_CHALLENGE = Buffer.alloc(0);

/** @throws ConfigError when the listener does not say whose tokens it takes. */
export function oauthBearerMechanism(options: OAuthBearerOptions): SaslMechanism {
  const { expectations, keysUrl, ...refreshing } = oauthBearerSettings(options.listener);
  const keys = new JsonWebKeys({ ...options, ...refreshing, url: keysUrl });
  const validator = new TokenValidator(expectations, keys, options.clock);
  keys.start();
  return {
    name: OAUTHBEARER,
    start: () => new OAuthBearerExchange(validator),
    close: () => keys.close(),
  };
}

class OAuthBearerExchange implements SaslExchange {
  readonly #validator: TokenValidator;
  /** Why the token does not hold; set while the client has yet to acknowledge that. */
  #problem: string | undefined;

  constructor(validator: TokenValidator) {
    this.#validator = validator;
  }

  async next(bytes: Buffer): Promise<SaslStep> {
    if (this.#problem !== undefined) throw refusal(bytes, this.#problem);
    const message = parseClientFirstMessage(bytes);
    if (message === undefined) {
      throw new SaslError('', "the client's first message is malformed");
    }
    let token: ValidToken;
    try {
      token = await this.#validator.validate(message.token);
    } catch (error) {
      if (!(error instanceof InvalidTokenError)) throw error;
      this.#problem = error.message;
      return { challenge: Buffer.from(INVALID_TOKEN) };
    }
    const { authorizationId } = message;
    if (authorizationId !== '' && authorizationId !== token.subject) {
      throw new SaslError(
        `Authentication failed: Client requested an authorization id (${authorizationId}) that is different from the token's principal name (${token.subject})`,
      );
    }
    const identity = { principal: userPrincipal(token.subject), isTokenAuthenticated: false };
    return { challenge: NO_CHALLENGE, identity, expiresAtMs: token.expiresAtMs };
  }
}

/** Kafka gives a client that does anything but acknowledge a second try; here one failure is the end. */
function refusal(bytes: Buffer, problem: string): SaslError {
  const detail = bytes.equals(ACKNOWLEDGEMENT) ? problem : `${problem}; then the client broke the protocol`;
  return new SaslError(INVALID_TOKEN, detail);
}
