// Principals as Kafka names them: 'User:alice'.

export type { Identity } from '../network/authentication.ts';

/** Who has not logged in. */
export const ANONYMOUS = 'User:ANONYMOUS';

export function userPrincipal(name: string): string {
  return `User:${name}`;
}
