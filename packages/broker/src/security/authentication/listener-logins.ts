// How connections log in, by the listener they come by: one object for each, made at the start, so that a listener whose logins cannot work
// never opens.

import type { Connection } from '@moldau/io';
import type { BrokerConfig } from '../../config/broker-config.ts';
import { ConfigError } from '../../config/config-error.ts';
import type { ListenerSecurity } from '../../config/listener-configs.ts';
import type { ConnectionAuthentication } from '../../network/authentication.ts';
import { RateLimitedLog } from '../../network/rate-limited-log.ts';
import { ANONYMOUS } from '../principal.ts';
import { certificatePrincipal } from '../tls/certificate-principal.ts';
import { type LoginSettings, SaslAuthentication } from './connection-authentication.ts';
import { LoginThrottle } from './login-throttle.ts';
import { MECHANISMS, type MechanismServices } from './mechanisms.ts';
import { ANONYMOUS_AUTHENTICATION, OpenAuthentication } from './open-authentication.ts';
import type { SaslMechanism } from './sasl-mechanism.ts';

/** Kafka's way of naming a connection by what its login said; a class of the JVM cannot run here. */
const PRINCIPAL_BUILDER = 'org.apache.kafka.common.security.authenticator.DefaultKafkaPrincipalBuilder';

export interface ListenerLoginsOptions extends MechanismServices {
  readonly config: BrokerConfig;
}

/** For a client whose certificate is good, but whose name fits no rule. */
const NAMELESS = new OpenAuthentication(
  'SSL',
  ANONYMOUS,
  'no rule of ssl.principal.mapping.rules fits the name in its certificate',
);

type Authenticate = (transport: Connection) => ConnectionAuthentication;

export class ListenerLogins {
  readonly #options: ListenerLoginsOptions;
  readonly #byListener = new Map<string, Authenticate>();
  readonly #sasl: SaslSettings[] = [];
  readonly #throttle: LoginThrottle;
  readonly #log: RateLimitedLog;

  /** @throws ConfigError */
  constructor(options: ListenerLoginsOptions) {
    const { config, logger, clock } = options;
    this.#options = options;
    this.#throttle = new LoginThrottle({ rate: () => config.get('moldau.failed.authentication.rate') });
    this.#log = new RateLimitedLog(logger, clock);
    const problems: string[] = [];
    for (const { name } of config.listeners) {
      const listener = config.listenerSecurity(name);
      problems.push(...principalBuilderProblems(listener));
      if (listener.protocol === 'PLAINTEXT') this.#byListener.set(name, () => ANONYMOUS_AUTHENTICATION);
      if (listener.protocol === 'SSL') problems.push(...this.#addCertificates(listener));
      if (listener.protocol.startsWith('SASL_')) problems.push(...this.#addSasl(listener));
    }
    if (problems.length === 0) return;
    this.close();
    throw new ConfigError(problems);
  }

  /** The login of a new connection. */
  authenticationFor(listenerName: string, transport: Connection): ConnectionAuthentication {
    return this.#byListener.get(listenerName)!(transport);
  }

  close(): void {
    for (const settings of this.#sasl) settings.close();
  }

  #addCertificates(listener: ListenerSecurity): string[] {
    try {
      const principalOf = certificatePrincipal(listener);
      this.#byListener.set(listener.name, (transport) => {
        const principal = principalOf(transport);
        return principal === undefined ? NAMELESS : new OpenAuthentication('SSL', principal);
      });
      return [];
    } catch (error) {
      return [
        `The listener ${listener.name} cannot open: ssl.principal.mapping.rules: ${(error as Error).message}`,
      ];
    }
  }

  #addSasl(listener: ListenerSecurity): string[] {
    const settings = new SaslSettings(listener, this.#options);
    this.#sasl.push(settings);
    const { clock, timers } = this.#options;
    this.#byListener.set(listener.name, ({ remoteAddress }) => {
      return new SaslAuthentication({
        ...{ settings, clock, timers, remoteAddress },
        ...{ throttle: this.#throttle, log: this.#log },
        connection: { listenerName: listener.name, clientHost: `/${remoteAddress}` },
      });
    });
    return settings.open();
  }
}

/** Reads each value when it is asked for, so that changes take effect. */
class SaslSettings implements LoginSettings {
  readonly securityProtocol: 'SASL_PLAINTEXT' | 'SASL_SSL';
  readonly #listener: ListenerSecurity;
  readonly #options: ListenerLoginsOptions;
  /** Those that have been made: all that are enabled, and those that were since the start. */
  readonly #mechanisms = new Map<string, SaslMechanism>();

  constructor(listener: ListenerSecurity, options: ListenerLoginsOptions) {
    this.securityProtocol = listener.protocol as 'SASL_PLAINTEXT' | 'SASL_SSL';
    this.#listener = listener;
    this.#options = options;
  }

  /** Makes the mechanisms that are enabled. Returns one line for each that cannot be. */
  open(): string[] {
    const names = this.#listener.mechanisms;
    const problems = names.length === 0 ? [noMechanism(this.#listener)] : [];
    for (const name of names) {
      try {
        this.#make(name);
      } catch (error) {
        if (!(error instanceof ConfigError)) throw error;
        problems.push(...error.problems);
      }
    }
    return problems;
  }

  close(): void {
    for (const mechanism of this.#mechanisms.values()) mechanism.close?.();
  }

  mechanisms(): readonly string[] {
    return this.#listener.mechanisms;
  }

  mechanism(name: string): SaslMechanism | undefined {
    if (!this.mechanisms().includes(name)) return undefined;
    try {
      return this.#mechanisms.get(name) ?? this.#make(name);
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
      const { logger } = this.#options;
      logger.error(
        { problem: error.message },
        'a SASL mechanism that was enabled while the broker runs cannot be used',
      );
      return undefined;
    }
  }

  maxTokenBytes(): number {
    return this.#listener.get('sasl.server.max.receive.size');
  }

  failureDelayMs(): number {
    return this.#options.config.get('connection.failed.authentication.delay.ms');
  }

  timeoutMs(): number {
    return this.#options.config.get('moldau.authentication.timeout.ms');
  }

  maxSessionMs(mechanism: string): number {
    return this.#listener.get('connections.max.reauth.ms', mechanism);
  }

  /** @throws ConfigError */
  #make(name: string): SaslMechanism {
    const factory = MECHANISMS.get(name);
    if (factory === undefined) throw new ConfigError([unservedMechanism(this.#listener, name)]);
    const made = factory({ ...this.#options, listener: this.#listener });
    this.#mechanisms.set(name, made);
    return made;
  }
}

function principalBuilderProblems(listener: ListenerSecurity): string[] {
  const name = listener.get('principal.builder.class');
  if (name === PRINCIPAL_BUILDER || name === null) return [];
  return [
    `The listener ${listener.name} sets principal.builder.class=${name}, a class of the JVM, which cannot run here: take the key out, and have principals named by ssl.principal.mapping.rules or by the SASL mechanism`,
  ];
}

function noMechanism({ name }: ListenerSecurity): string {
  return `The listener ${name} enables no SASL mechanism: set sasl.enabled.mechanisms to one or more of ${served()}`;
}

function unservedMechanism({ name }: ListenerSecurity, mechanism: string): string {
  const isDefault = mechanism === 'GSSAPI' ? " (Kafka's default)" : '';
  return `The listener ${name} enables the SASL mechanism ${mechanism}${isDefault}, which is not served: set sasl.enabled.mechanisms, or listener.name.${name.toLowerCase()}.sasl.enabled.mechanisms, to one or more of ${served()}`;
}

function served(): string {
  return [...MECHANISMS.keys()].join(', ');
}
