// From ssl.* of one listener to what a TLS server needs.

import type { X509Certificate } from 'node:crypto';
import type { TlsServerOptions, TlsVersion } from '@moldau/io';
import { ConfigError } from '../../config/config-error.ts';
import type { ListenerSecurity } from '../../config/listener-configs.ts';
import { cipherSuites } from './cipher-suites.ts';
import { readKeyStore, readTrustStore, type StoreDisk } from './key-stores.ts';

export interface TlsSettings {
  readonly options: TlsServerOptions;
  /** The listener's own certificate. */
  readonly certificate: X509Certificate;
}

const VERSIONS: readonly TlsVersion[] = ['TLSv1.2', 'TLSv1.3'];

/** @throws ConfigError with one line that says what to do */
export async function readTlsSettings(listener: ListenerSecurity, disk: StoreDisk): Promise<TlsSettings> {
  const clientAuthentication = listener.get('ssl.client.auth') as TlsServerOptions['clientAuthentication'];
  const { key, chain } = await readKeyStore(listener, disk);
  const trusted = clientAuthentication === 'none' ? undefined : await readTrustStore(listener, disk);
  // Java would trust whoever a public authority has sold a certificate to.
  if (clientAuthentication !== 'none' && trusted === undefined) {
    throw new ConfigError([
      `The listener ${listener.name} cannot open: ssl.client.auth=${clientAuthentication} needs to know whose certificates to trust: set ssl.truststore.location (a PEM or PKCS12 file) or ssl.truststore.certificates`,
    ]);
  }
  const ciphers = ciphersOf(listener);
  return {
    certificate: chain[0],
    options: {
      key,
      certificates: chain.map(String).join(''),
      clientAuthentication,
      ...versionsOf(listener),
      ...(trusted === undefined ? {} : { trusted: trusted.map(String) }),
      ...(ciphers === undefined ? {} : { ciphers }),
    },
  };
}

/** The files that a listener's settings come from. */
export function filesOf(listener: ListenerSecurity): string[] {
  const locations = [listener.get('ssl.keystore.location'), listener.get('ssl.truststore.location')];
  return locations.filter((location) => location !== null && location !== '') as string[];
}

function versionsOf(listener: ListenerSecurity): { minVersion: TlsVersion; maxVersion: TlsVersion } {
  const wanted = listener.get('ssl.enabled.protocols');
  const isKnown = (version: string): version is TlsVersion => VERSIONS.includes(version as TlsVersion);
  const strange = wanted.filter((version) => !isKnown(version));
  if (strange.length > 0 || wanted.length === 0) {
    throw new ConfigError([
      `The listener ${listener.name} cannot open: ssl.enabled.protocols=${wanted.join(',')}: expected TLSv1.2, TLSv1.3 or both, older ones are broken`,
    ]);
  }
  const versions = VERSIONS.filter((version) => wanted.includes(version));
  return { minVersion: versions[0]!, maxVersion: versions.at(-1)! };
}

function ciphersOf(listener: ListenerSecurity): readonly string[] | undefined {
  const wanted = listener.get('ssl.cipher.suites');
  if (wanted.length === 0) return undefined;
  const { suites, unknown } = cipherSuites(wanted);
  if (unknown.length === 0) return suites;
  throw new ConfigError([
    `The listener ${listener.name} cannot open: ssl.cipher.suites has ${unknown.join(', ')}, which is not known here: expected names like TLS_AES_256_GCM_SHA384 or TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256`,
  ]);
}
