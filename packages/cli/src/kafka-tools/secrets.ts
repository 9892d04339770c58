// Keeps passwords out of what tools say of their own command lines: it ends in the logs of scripts. Kafka's tools repeat them.

const SECRET = /([\w.-]*(?:password|secret|jaas\.config|ssl\.keystore\.key)\s*=)[^\]]+/gi;

/** Of each setting with a secret only the name is left: up to the bracket that closes a list of settings, else to the end. */
export function withoutSecrets(text: string): string {
  return text.replace(SECRET, '$1********');
}
