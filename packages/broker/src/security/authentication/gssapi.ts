// GSSAPI (RFC 4752): the client shows a ticket of Kerberos, and in the end both sides agree in signed messages that what follows is not wrapped in a
// layer of Kerberos (that is what TLS is for).
//
// Invariant: the identity is the ticket's, whoever the client asks to be.

import { type GssAcceptor, type GssApi, type GssContext, GssError } from '@moldau/io';
import { ConfigError } from '../../config/config-error.ts';
import { JaasError, parseJaas } from '../../config/jaas.ts';
import type { ListenerSecurity } from '../../config/listener-configs.ts';
import { userPrincipal } from '../principal.ts';
import { KerberosNameError, type KerberosNaming, parseKerberosRules } from './kerberos-names.ts';
import { SaslError, type SaslExchange, type SaslMechanism, type SaslStep } from './sasl-mechanism.ts';

export interface GssapiOptions {
  readonly listener: ListenerSecurity;
  readonly gssapi: GssApi;
}

export const GSSAPI = 'GSSAPI';

const LOGIN_MODULE = 'com.sun.security.auth.module.Krb5LoginModule';
const EXAMPLE = `${LOGIN_MODULE} required useKeyTab=true storeKey=true keyTab="/etc/kafka.keytab" principal="kafka/broker1.example.com@EXAMPLE.COM";`;
const PRINCIPAL = /^([^/@]+)\/[^/@]+@([^/@]+)$/;
const NOTHING = Buffer.alloc(0);
const NO_LAYER = 1;
/** The layers that are offered, and the largest message in them, of which there is none. */
const OFFER = Buffer.of(NO_LAYER, 0, 0, 0);

/** @throws ConfigError when there is no Kerberos on this machine, or the listener does not say who it is. */
export function gssapiMechanism({ listener, gssapi }: GssapiOptions): SaslMechanism {
  const { principal, keytab, realm } = readIdentity(listener);
  let acceptor: GssAcceptor;
  let naming: KerberosNaming;
  try {
    acceptor = gssapi.acceptor(principal, keytab);
  } catch (error) {
    if (!(error instanceof GssError)) throw error;
    throw new ConfigError([`The listener ${listener.name} enables ${GSSAPI}, but ${error.message}`]);
  }
  try {
    naming = parseKerberosRules(listener.get('sasl.kerberos.principal.to.local.rules', GSSAPI), realm);
  } catch (error) {
    const problem = error instanceof Error ? error.message : String(error);
    throw new ConfigError([
      `Invalid value for configuration sasl.kerberos.principal.to.local.rules of the listener ${listener.name}: ${problem}`,
    ]);
  }
  return { name: GSSAPI, start: () => new GssapiExchange(acceptor.context(), naming) };
}

class GssapiExchange implements SaslExchange {
  readonly #context: GssContext;
  readonly #naming: KerberosNaming;
  #hasOffered = false;

  constructor(context: GssContext, naming: KerberosNaming) {
    this.#context = context;
    this.#naming = naming;
  }

  next(token: Buffer): SaslStep {
    try {
      if (!this.#context.isEstablished) return this.#accept(token);
      if (!this.#hasOffered) return this.#offer(token);
      return this.#finish(token);
    } catch (error) {
      this.#context.close();
      if (error instanceof GssError || error instanceof KerberosNameError) {
        throw new SaslError('', error.message);
      }
      throw error;
    }
  }

  #accept(token: Buffer): SaslStep {
    const answer = this.#context.accept(token);
    if (!this.#context.isEstablished) throw new GssError('the client began what is not Kerberos');
    // A client that wants no proof of who we are gets the offer at once.
    return answer.length > 0 ? { challenge: answer } : this.#offer(NOTHING);
  }

  #offer(token: Buffer): SaslStep {
    if (token.length > 0) throw new GssError('the client sent a token where none is due');
    this.#hasOffered = true;
    return { challenge: this.#context.wrap(OFFER) };
  }

  #finish(token: Buffer): SaslStep {
    const choice = this.#context.unwrap(token);
    if (choice.length < OFFER.length || choice[0] !== NO_LAYER) {
      throw new GssError('the client chose a security layer that was not offered');
    }
    const principal = userPrincipal(this.#naming(this.#context.clientName));
    this.#context.close();
    return { challenge: NOTHING, identity: { principal, isTokenAuthenticated: false } };
  }
}

/** Who the broker is, from sasl.jaas.config as Kafka's brokers have it. */
function readIdentity(listener: ListenerSecurity) {
  const refuse = (problem: string): never => {
    throw new ConfigError([
      `The listener ${listener.name} enables ${GSSAPI}, but ${problem}: set listener.name.${listener.name.toLowerCase()}.gssapi.sasl.jaas.config to something like ${EXAMPLE}`,
    ]);
  };
  const text = listener.get('sasl.jaas.config', GSSAPI);
  const options = text === null ? undefined : optionsOf(text, refuse);
  if (options === undefined) {
    return refuse(
      'sasl.jaas.config does not say who the broker is (unset, sasl.enabled.mechanisms is GSSAPI; SCRAM-SHA-512 needs less)',
    );
  }
  const principal = options.get('principal') ?? '';
  const [, service, realm] = PRINCIPAL.exec(principal) ?? [];
  if (service === undefined || realm === undefined) return refuse('its principal is not SERVICE/HOST@REALM');
  const expected = options.get('serviceName') ?? listener.get('sasl.kerberos.service.name', GSSAPI);
  if (expected && expected !== service) {
    return refuse(
      `its principal is of the service ${service}, and sasl.kerberos.service.name is ${expected}`,
    );
  }
  return { principal, realm, keytab: options.get('keyTab') };
}

function optionsOf(
  text: string,
  refuse: (problem: string) => never,
): ReadonlyMap<string, string> | undefined {
  try {
    return parseJaas(text).find(({ loginModule }) => loginModule === LOGIN_MODULE)?.options;
  } catch (error) {
    if (!(error instanceof JaasError)) throw error;
    return refuse(`sasl.jaas.config is wrong: ${error.message}`);
  }
}
