// A login by SASL: the mechanism is agreed on (SaslHandshake), then its messages go back and forth (SaslAuthenticate) until the client has what it
// needs. The same serves the first login of a connection and its renewals.

import type { Random } from '@moldau/io';
import {
  ErrorCode,
  saslAuthenticateRequest,
  saslAuthenticateResponse,
  saslHandshakeRequest,
  saslHandshakeResponse,
} from '@moldau/protocol';
import { explainNoLogins, explainNoMechanism, explainRefusedLogin } from '../../errors/explanations.ts';
import { BrokerError } from '../../errors/kafka-error.ts';
import type { SaslMechanismName, SaslOptions } from '../../options/client-options.ts';
import type { BrokerConnection } from '../broker-connection.ts';
import { oauthBearer } from './oauthbearer.ts';
import { plain } from './plain.ts';
import { scram } from './scram.ts';

/** One login's messages. What is thrown ends it; the message is for the user, and holds no secret. */
export interface SaslExchange {
  first(): Buffer | Promise<Buffer>;
  /** What follows on the broker's message; undefined when the login is complete. */
  next(challenge: Buffer): Buffer | undefined | Promise<Buffer | undefined>;
}

// Version 0 of the handshake is followed by bare tokens, which nobody needs since Kafka 1.0.
const HANDSHAKE = { request: saslHandshakeRequest, response: saslHandshakeResponse, minVersion: 1 };
const AUTHENTICATE = { request: saslAuthenticateRequest, response: saslAuthenticateResponse };

export function startExchange(sasl: SaslOptions, random: Random): SaslExchange {
  if ('token' in sasl) return oauthBearer(sasl.token);
  const mechanism = sasl.mechanism.toUpperCase() as SaslMechanismName;
  if (mechanism === 'PLAIN') return plain(sasl);
  return scram(mechanism === 'SCRAM-SHA-256' ? 'sha256' : 'sha512', sasl, random);
}

/** Resolves with how long the login lasts, in milliseconds; 0: for good. Rejects with an AuthenticationError when it is refused. */
export async function logIn(
  connection: BrokerConnection,
  sasl: SaslOptions,
  random: Random,
  limits: { timeoutMs: number },
): Promise<number> {
  const mechanism = sasl.mechanism.toUpperCase();
  const { address, apis } = connection;
  const handshake = await connection.loginRequest(HANDSHAKE, apis.pick(HANDSHAKE), { mechanism }, limits);
  if (handshake.errorCode === ErrorCode.UNSUPPORTED_SASL_MECHANISM)
    throw explainNoMechanism(address, mechanism, handshake.mechanisms);
  if (handshake.errorCode === ErrorCode.ILLEGAL_SASL_STATE) throw explainNoLogins(address, connection.words);
  if (handshake.errorCode !== ErrorCode.NONE) throw new BrokerError(handshake.errorCode, { broker: address });
  const exchange = startExchange(sasl, random);
  const version = apis.pick(AUTHENTICATE);
  for (let token: Buffer | undefined = await exchange.first(); ; ) {
    const answer = await connection.loginRequest(AUTHENTICATE, version, { authBytes: token }, limits);
    if (answer.errorCode === ErrorCode.SASL_AUTHENTICATION_FAILED)
      throw explainRefusedLogin(address, mechanism, answer.errorMessage);
    if (answer.errorCode !== ErrorCode.NONE)
      throw new BrokerError(answer.errorCode, { broker: address, said: answer.errorMessage });
    token = await exchange.next(answer.authBytes);
    if (token === undefined) return answer.sessionLifetimeMs;
  }
}
