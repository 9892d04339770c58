// ssl.cipher.suites: the names that Java has for cipher suites, in OpenSSL's words.

const OPENSSL_NAMES: ReadonlyMap<string, string> = new Map([
  // Those of TLS 1.3 have one name.
  ...['TLS_AES_256_GCM_SHA384', 'TLS_CHACHA20_POLY1305_SHA256', 'TLS_AES_128_GCM_SHA256'].map(
    (name) => [name, name] as const,
  ),
  ...['ECDHE_ECDSA', 'ECDHE_RSA', 'DHE_RSA'].flatMap((exchange) => [
    named(exchange, 'AES_256_GCM_SHA384', 'AES256-GCM-SHA384'),
    named(exchange, 'AES_128_GCM_SHA256', 'AES128-GCM-SHA256'),
    named(exchange, 'CHACHA20_POLY1305_SHA256', 'CHACHA20-POLY1305'),
    named(exchange, 'AES_128_CBC_SHA256', 'AES128-SHA256'),
    named(exchange, 'AES_128_CBC_SHA', 'AES128-SHA'),
    named(exchange, 'AES_256_CBC_SHA', 'AES256-SHA'),
  ]),
  named('ECDHE_ECDSA', 'AES_256_CBC_SHA384', 'AES256-SHA384'),
  named('ECDHE_RSA', 'AES_256_CBC_SHA384', 'AES256-SHA384'),
  named('DHE_RSA', 'AES_256_CBC_SHA256', 'AES256-SHA256'),
  ['TLS_RSA_WITH_AES_256_GCM_SHA384', 'AES256-GCM-SHA384'],
  ['TLS_RSA_WITH_AES_128_GCM_SHA256', 'AES128-GCM-SHA256'],
  ['TLS_RSA_WITH_AES_256_CBC_SHA256', 'AES256-SHA256'],
  ['TLS_RSA_WITH_AES_128_CBC_SHA256', 'AES128-SHA256'],
  ['TLS_RSA_WITH_AES_256_CBC_SHA', 'AES256-SHA'],
  ['TLS_RSA_WITH_AES_128_CBC_SHA', 'AES128-SHA'],
]);

/** Names in their order for OpenSSL; both kinds of names may be given. */
export function cipherSuites(names: readonly string[]): { suites: string[]; unknown: string[] } {
  const known = new Set(OPENSSL_NAMES.values());
  const suites: string[] = [];
  const unknown: string[] = [];
  for (const name of names) {
    const suite = OPENSSL_NAMES.get(name.toUpperCase()) ?? (known.has(name) ? name : undefined);
    if (suite === undefined) unknown.push(name);
    else suites.push(suite);
  }
  return { suites, unknown };
}

function named(exchange: string, cipher: string, openSslCipher: string): readonly [string, string] {
  return [`TLS_${exchange}_WITH_${cipher}`, `${exchange.replace('_', '-')}-${openSslCipher}`];
}
