// What clients are told to log in, and the cases of it, which are the same for each client: every mechanism without and with TLS, and
// certificates of clients. In each a client writes and reads topics of its own user, is kept from another topic, and is refused
// with a wrong password (of OAUTHBEARER a token with a wrong signature, of TLS no certificate).

export type LoginProtocol = 'SASL_PLAINTEXT' | 'SASL_SSL' | 'SSL';

export interface User {
  readonly name: string;
  /** Of OAUTHBEARER it is the identity provider that takes it. */
  readonly password: string;
}

/** Clients' programs find it as JSON in INTEROP_SECURITY. */
export interface Security {
  /** The cases' names: mechanism/protocol, the mechanism being 'certificate' where there is no SASL. */
  readonly logins: readonly string[];
  /** host:port of each. */
  readonly listeners: Readonly<Record<LoginProtocol, string>>;
  /** By mechanism. Each may use the topics and groups whose names begin with its own. */
  readonly users: Readonly<Record<string, User>>;
  /** Paths of PEM files. */
  readonly authority: string;
  readonly certificate: string;
  readonly key: string;
  /** Where the identity provider gives tokens. */
  readonly tokenUrl: string;
  /** A token of the right user, with the signature of another's. */
  readonly forgedToken: string;
  /** Its URL as a file. */
  readonly forgedTokenUrl: string;
}

export const MECHANISMS = ['PLAIN', 'SCRAM-SHA-256', 'SCRAM-SHA-512', 'OAUTHBEARER'] as const;

export const LOGINS: readonly string[] = [
  ...MECHANISMS.flatMap((mechanism) => [`${mechanism}/SASL_PLAINTEXT`, `${mechanism}/SASL_SSL`]),
  'certificate/SSL',
];

/** The topic of a user and a client. */
export function topicOf(user: User, client: string): string {
  return `${user.name}.${client}`;
}

/** A topic that is there and that none of the users may see. */
export const FORBIDDEN_TOPIC = 'forbidden';
