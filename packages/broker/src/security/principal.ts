// Principals as Kafka names them: 'User:alice'.

/** Who has not logged in. */
export const ANONYMOUS = 'User:ANONYMOUS';

export function userPrincipal(name: string): string {
  return `User:${name}`;
}
