// Who a connection speaks for by its certificate.

import type { Connection } from '@moldau/io';
import type { ListenerSecurity } from '../../config/listener-configs.ts';
import { ANONYMOUS } from '../principal.ts';
import { subjectName } from './distinguished-name.ts';
import { parsePrincipalMapping } from './principal-mapping-rules.ts';

/** 'User:CN=alice,OU=Clients', as the rules make it; undefined when no rule fits, and the connection must not be. */
export type CertificatePrincipal = (connection: Pick<Connection, 'tls'>) => string | undefined;

/** @throws Error when ssl.principal.mapping.rules are wrong */
export function certificatePrincipal(listener: ListenerSecurity): CertificatePrincipal {
  const map = parsePrincipalMapping(listener.get('ssl.principal.mapping.rules'));
  return ({ tls }) => {
    if (tls?.peerCertificate === undefined) return ANONYMOUS;
    const name = map(subjectName(tls.peerCertificate));
    return name === undefined ? undefined : `User:${name}`;
  };
}
