// SCRAM-SHA-256 and SCRAM-SHA-512 (RFC 5802, RFC 7677, KIP-84): the client proves that it knows a password, and the broker that it knows the
// client's, without either telling it. With the extension tokenauth=true the name is a delegation token's id and its HMAC the password (KIP-48).
//
// Invariants: an exchange is good for one attempt, with a nonce that was never used before. Whatever is wrong with name, password or stored
// credential, a client sees the same messages, with the same work behind them.

import type { Random } from '@moldau/io';
import type { Identity } from '../../network/authentication.ts';
import { SaslError, type SaslExchange, type SaslMechanism, type SaslStep } from './sasl-mechanism.ts';
import { type ScramAccount, ScramAccounts, type ScramAccountsOptions } from './scram-accounts.ts';
import { isProofRight, type ScramMechanism, serverSignature } from './scram-keys.ts';
import {
  type ClientFirstMessage,
  parseClientFinal,
  parseClientFirst,
  serverFinal,
  serverFirst,
} from './scram-messages.ts';

export interface ScramOptions extends ScramAccountsOptions {
  readonly random: Random;
}

const NONCE_BYTES = 24;
const TOKEN_AUTHENTICATION = 'tokenauth';
/** Kafka since 4.0 refuses it as well. */
const DOUBLED_NONCE =
  'The final SCRAM message repeats the client nonce, as librdkafka before 2.6.1 does: use a newer librdkafka';
/** Of a name in the log. */
const MAX_SHOWN_CHARACTERS = 64;

export function scramMechanism(options: ScramOptions): SaslMechanism {
  const { mechanism, random } = options;
  const accounts = new ScramAccounts(options);
  return {
    name: mechanism.name,
    start: () => new ScramExchange(mechanism, accounts, random.bytes(NONCE_BYTES).toString('base64url')),
  };
}

/** What the server has sent, and what it was based on. */
interface Challenge {
  readonly first: ClientFirstMessage;
  readonly account: ScramAccount;
  readonly nonce: string;
  readonly text: string;
}

class ScramExchange implements SaslExchange {
  readonly #mechanism: ScramMechanism;
  readonly #accounts: ScramAccounts;
  readonly #serverNonce: string;
  #challenge: Challenge | undefined;
  #isOver = false;

  constructor(mechanism: ScramMechanism, accounts: ScramAccounts, serverNonce: string) {
    this.#mechanism = mechanism;
    this.#accounts = accounts;
    this.#serverNonce = serverNonce;
  }

  next(bytes: Buffer): SaslStep | Promise<SaslStep> {
    if (this.#isOver) throw new SaslError('This SCRAM exchange is over');
    const challenge = this.#challenge;
    // Until the next step has been made: nothing may come in between.
    this.#isOver = true;
    return challenge === undefined ? this.#begin(parseClientFirst(bytes)) : this.#finish(bytes, challenge);
  }

  #begin(first: ClientFirstMessage): SaslStep | Promise<SaslStep> {
    const { name, authorizationId, extensions } = first;
    if (authorizationId !== '' && authorizationId !== name) {
      throw new SaslError(
        'Authentication failed: Client requested an authorization id that is different from username',
      );
    }
    const isToken = extensions.get(TOKEN_AUTHENTICATION)?.toLowerCase() === 'true';
    if (!isToken) return this.#challengeFor(first, this.#accounts.ofUser(name));
    return this.#accounts.ofToken(name).then((account) => this.#challengeFor(first, account));
  }

  #challengeFor(first: ClientFirstMessage, account: ScramAccount): SaslStep {
    const nonce = first.nonce + this.#serverNonce;
    const text = serverFirst(nonce, account.credential.salt, account.credential.iterations);
    this.#challenge = { first, account, nonce, text };
    this.#isOver = false;
    return { challenge: Buffer.from(text) };
  }

  #finish(bytes: Buffer, { first, account, nonce, text }: Challenge): SaslStep {
    const { credential, identity, problem, expiresAtMs } = account;
    const final = parseClientFinal(bytes, this.#mechanism.keyBytes);
    if (final.nonce === first.nonce + nonce) throw new SaslError(DOUBLED_NONCE);
    if (final.nonce !== nonce) throw this.#refusal(first.name, 'the nonce is not the one of this exchange');
    if (final.channelBinding !== first.header)
      throw this.#refusal(first.name, 'the channel binding does not repeat how the first message began');
    const authMessage = `${first.bare},${text},${final.withoutProof}`;
    const isRight = isProofRight(this.#mechanism, credential.storedKey, authMessage, final.proof);
    const signature = serverSignature(this.#mechanism, credential.serverKey, authMessage);
    if (identity === undefined || !isRight)
      throw this.#refusal(first.name, problem ?? 'the password is wrong');
    return { challenge: Buffer.from(serverFinal(signature)), ...succeeded(identity, expiresAtMs) };
  }

  #refusal(name: string, detail: string): SaslError {
    return new SaslError('', `${JSON.stringify(name.slice(0, MAX_SHOWN_CHARACTERS))}: ${detail}`);
  }
}

function succeeded(identity: Identity, expiresAtMs: number | undefined) {
  return expiresAtMs === undefined ? { identity } : { identity, expiresAtMs };
}
