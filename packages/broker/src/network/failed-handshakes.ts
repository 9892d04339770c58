// What went wrong when TLS did not come about, and who can mend it: the code that OpenSSL or Node gives, in words.

export interface HandshakeAdvice {
  /** Groups log lines; one of a few fixed words. */
  readonly kind: string;
  readonly message: string;
}

const NOT_TLS: HandshakeAdvice = {
  kind: 'tls-plaintext',
  message:
    'closed a connection that did not speak TLS: this listener does, so set security.protocol=SSL (or SASL_SSL) in the client',
};
const NO_COMMON: HandshakeAdvice = {
  kind: 'tls-common',
  message:
    'refused a TLS client that shares no version or cipher with this listener: see ssl.enabled.protocols and ssl.cipher.suites',
};
const DISTRUSTED: HandshakeAdvice = {
  kind: 'tls-distrusted',
  message:
    "a TLS client does not trust this listener's certificate: give the client the authority's certificate (ssl.truststore.location, ssl.ca.location), and check the name it connects to",
};
const NO_CERTIFICATE: HandshakeAdvice = {
  kind: 'tls-no-certificate',
  message:
    'refused a TLS client without a certificate: ssl.client.auth=required, so set ssl.keystore.location (or ssl.certificate.location) in the client',
};
const EXPIRED: HandshakeAdvice = {
  kind: 'tls-expired',
  message: 'refused a TLS client: its certificate has expired, or is not valid yet',
};
const UNTRUSTED: HandshakeAdvice = {
  kind: 'tls-untrusted',
  message:
    'refused a TLS client: nobody in ssl.truststore.location vouches for its certificate, or it is not meant for clients',
};
const SLOW: HandshakeAdvice = {
  kind: 'tls-slow',
  message: 'closed a connection whose TLS handshake took too long',
};
const EVICTED: HandshakeAdvice = {
  kind: 'tls-evicted',
  message: 'closed the oldest of too many TLS handshakes at a time',
};

const ADVICE: ReadonlyMap<string, HandshakeAdvice> = new Map([
  ['HANDSHAKE_DEADLINE', SLOW],
  ['HANDSHAKE_EVICTED', EVICTED],
  ['ERR_SSL_WRONG_VERSION_NUMBER', NOT_TLS],
  ['ERR_SSL_HTTP_REQUEST', NOT_TLS],
  ['ERR_SSL_HTTPS_PROXY_REQUEST', NOT_TLS],
  ['ERR_SSL_PACKET_LENGTH_TOO_LONG', NOT_TLS],
  ['ERR_SSL_UNKNOWN_PROTOCOL', NOT_TLS],
  ['ERR_SSL_UNSUPPORTED_PROTOCOL', NO_COMMON],
  ['ERR_SSL_NO_SHARED_CIPHER', NO_COMMON],
  ['ERR_SSL_VERSION_TOO_LOW', NO_COMMON],
  ['ERR_SSL_PEER_DID_NOT_RETURN_A_CERTIFICATE', NO_CERTIFICATE],
  ['CERT_HAS_EXPIRED', EXPIRED],
  ['CERT_NOT_YET_VALID', EXPIRED],
]);

/** Undefined when the client simply left: nobody needs to know. */
export function handshakeAdvice(code: string): HandshakeAdvice | undefined {
  if (code === 'ECONNRESET' || code === 'EPIPE' || code === 'ECONNABORTED') return undefined;
  const known = ADVICE.get(code);
  if (known !== undefined) return known;
  if (/^ERR_SSL_.*ALERT_(UNKNOWN_CA|BAD_CERTIFICATE|CERTIFICATE_\w+|UNSUPPORTED_CERTIFICATE)$/.test(code))
    return DISTRUSTED;
  // The rest of Node's codes are verdicts of X.509: SELF_SIGNED_CERT_IN_CHAIN, UNABLE_TO_VERIFY_LEAF_SIGNATURE, INVALID_PURPOSE...
  if (!code.startsWith('ERR_')) return UNTRUSTED;
  return { kind: 'tls-failed', message: 'a TLS handshake failed' };
}
