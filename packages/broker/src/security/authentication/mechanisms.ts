// The SASL mechanisms that are served, each with what makes it for a listener.

import type { Clock, Disk, GssApi, Http, Logger, Random, Timers } from '@moldau/io';
import type { MetadataImage } from '@moldau/metadata';
import type { ListenerSecurity } from '../../config/listener-configs.ts';
import type { DelegationTokens } from '../delegation-tokens.ts';
import { GSSAPI, gssapiMechanism } from './gssapi.ts';
import { oauthBearerMechanism } from './oauthbearer.ts';
import { OAUTHBEARER } from './oauthbearer-settings.ts';
import { Plain } from './plain.ts';
import type { SaslMechanism } from './sasl-mechanism.ts';
import { scramMechanism } from './scram.ts';
import { SCRAM_MECHANISMS } from './scram-keys.ts';

/** What mechanisms are made of. */
export interface MechanismServices {
  /** The newest image. */
  readonly metadata: () => MetadataImage;
  readonly delegationTokens: DelegationTokens;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly random: Random;
  readonly disk: Disk;
  readonly http: Http;
  readonly gssapi: GssApi;
  readonly logger: Logger;
}

export interface MechanismOptions extends MechanismServices {
  readonly listener: ListenerSecurity;
}

/** Makes a mechanism for one listener. Throws ConfigError when what it needs is not configured, or wrong. */
export type MechanismFactory = (options: MechanismOptions) => SaslMechanism;

/** By the names that clients ask for. */
export const MECHANISMS: ReadonlyMap<string, MechanismFactory> = new Map<string, MechanismFactory>([
  ['PLAIN', ({ listener }) => new Plain(listener)],
  [OAUTHBEARER, oauthBearerMechanism],
  [GSSAPI, gssapiMechanism],
  ...SCRAM_MECHANISMS.map((mechanism): [string, MechanismFactory] => [
    mechanism.name,
    (options) => scramMechanism({ ...options, mechanism }),
  ]),
]);
