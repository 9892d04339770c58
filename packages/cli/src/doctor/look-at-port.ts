// What really answers at a port, where the client can only guess: asked as a stranger, in plain text, with TLS, and as a browser would.

import { ErrorCode, saslHandshakeRequest, saslHandshakeResponse } from '@moldau/protocol';
import { Stranger, type StrangerPorts } from '../connection/stranger.ts';
import type { Address } from './address.ts';

export type PortLook =
  /** `mechanisms`: one logs in there, by these; undefined: nobody does. */
  | { readonly speaks: 'kafka'; readonly isTls: boolean; readonly mechanisms: readonly string[] | undefined }
  /** It does, and what is behind it cannot be seen without its certificate's authority, or without a certificate. */
  | { readonly speaks: 'tls' }
  | { readonly speaks: 'http' };

/** Its answer to a login by no mechanism tells those that there are; where nobody logs in it says so. */
const HANDSHAKE_VERSION = 1;
const NO_MECHANISM = { mechanism: '' };
/** A certificate that is not good enough was shown, or is wanted, by whoever speaks TLS. */
const SHOWN_TLS = /CERT|SIGNATURE|ISSUER|ALTNAME|ALERT/;

/** Undefined: it does not say. `trusted`: certificates of authorities, as PEM. */
export async function lookAtPort(
  address: Address,
  trusted: readonly string[],
  ports: StrangerPorts,
): Promise<PortLook | undefined> {
  return (
    (await knock(address, undefined, ports)) ??
    (await knock(address, trusted, ports)) ??
    (await browse(address, ports))
  );
}

async function knock(
  address: Address,
  trusted: readonly string[] | undefined,
  ports: StrangerPorts,
): Promise<PortLook | undefined> {
  const isTls = trusted !== undefined;
  const tls = isTls ? (trusted.length > 0 ? { trusted } : {}) : undefined;
  let stranger: Stranger;
  try {
    stranger = await Stranger.dial(address, tls, ports);
  } catch (error) {
    const { code = '' } = error as { code?: string };
    return isTls && SHOWN_TLS.test(code) ? { speaks: 'tls' } : undefined;
  }
  try {
    const answer = await stranger.ask(
      saslHandshakeRequest,
      saslHandshakeResponse,
      HANDSHAKE_VERSION,
      NO_MECHANISM,
    );
    if (answer === undefined) return isTls ? { speaks: 'tls' } : foreign(stranger.firstBytes);
    const isLogin = answer.errorCode === ErrorCode.UNSUPPORTED_SASL_MECHANISM;
    return { speaks: 'kafka', isTls, mechanisms: isLogin ? answer.mechanisms : undefined };
  } finally {
    stranger.close();
  }
}

function foreign(bytes: Buffer): PortLook | undefined {
  if (bytes.toString('latin1') === 'HTTP') return { speaks: 'http' };
  return undefined;
}

async function browse(address: Address, ports: StrangerPorts): Promise<PortLook | undefined> {
  try {
    const stranger = await Stranger.dial(address, undefined, ports);
    try {
      return foreign(await stranger.say('GET / HTTP/1.0\r\n\r\n', 4));
    } finally {
      stranger.close();
    }
  } catch {
    return undefined;
  }
}
