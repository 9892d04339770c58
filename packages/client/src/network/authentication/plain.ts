// SASL PLAIN (RFC 4616): name and password as they are, so over TLS.

import type { SaslExchange } from './sasl.ts';

export function plain({ username, password }: { username: string; password: string }): SaslExchange {
  return {
    first: () => Buffer.from(`\0${username}\0${password}`),
    next: () => undefined,
  };
}
