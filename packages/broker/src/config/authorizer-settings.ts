// Who decides what clients may do, and who may do everything.

/** Kafka's authorizers; the second is that of clusters with ZooKeeper. Both go by the same rules. */
const AUTHORIZERS = [
  'org.apache.kafka.metadata.authorizer.StandardAuthorizer',
  'kafka.security.authorizer.AclAuthorizer',
];

export interface AuthorizerSettings {
  /** Principals that may do everything, as in 'User:admin'. */
  readonly superUsers: ReadonlySet<string>;
  /** Whether what no access rule speaks of is allowed. */
  readonly allowsUnruled: boolean;
}

/** Principals as super.users lists them. Those of certificates hold commas, so semicolons stand between. */
export function superUsersOf(text: string): string[] {
  return text
    .split(';')
    .map((principal) => principal.trim())
    .filter((principal) => principal !== '');
}

export function superUsersProblem(text: string): string | undefined {
  const wrong = superUsersOf(text).find((principal) => !/^[^:]+:./.test(principal));
  return wrong === undefined ? undefined : `a principal is a type and a name, as in User:admin, not ${wrong}`;
}

export function authorizerProblem(className: string): string | undefined {
  if (className === '' || AUTHORIZERS.includes(className)) return undefined;
  return `a class of the JVM cannot run here; what there is is ${AUTHORIZERS[0]}`;
}
