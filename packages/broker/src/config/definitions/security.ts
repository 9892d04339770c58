// Keys of authentication, authorisation and TLS.

import { authorizerProblem, superUsersProblem } from '../authorizer-settings.ts';
import { bool, className, double, inert, int, list, long, password, short, string } from '../definition.ts';
import { jaasProblem } from '../jaas.ts';

export const securityConfigs = {
  'authorizer.class.name': string(
    '',
    "Who may do what is decided by access rules (kafka-acls) when this is Kafka's org.apache.kafka.metadata.authorizer.StandardAuthorizer, or kafka.security.authorizer.AclAuthorizer of earlier releases. Empty: everybody may do everything.",
    { importance: 'LOW', check: authorizerProblem },
  ),
  'super.users': string(
    '',
    'Principals that may do everything, with semicolons between: User:admin;User:CN=broker,O=Example.',
    { check: superUsersProblem },
  ),
  'allow.everyone.if.no.acl.found': bool(
    false,
    'Whether everybody may do everything with a resource that no access rule speaks of.',
  ),
  'delegation.token.expiry.check.interval.ms': long(
    3_600_000,
    'How often delegation tokens that have expired are removed.',
    { min: 1, importance: 'LOW' },
  ),
  'delegation.token.expiry.time.ms': long(
    86_400_000,
    'How long a delegation token lives without being renewed.',
    { min: 1 },
  ),
  'delegation.token.max.lifetime.ms': long(604_800_000, 'How long a delegation token lives at most.', {
    min: 1,
  }),
  'delegation.token.secret.key': password(
    'Secret of all brokers from which what proves the possession of a delegation token is derived: with another one, all tokens end. Without it there are no tokens.',
  ),
  'principal.builder.class': className(
    'org.apache.kafka.common.security.authenticator.DefaultKafkaPrincipalBuilder',
    'Class that names who a connection speaks for. Only the default is served, as a class of the JVM cannot run here; the name is what the SASL login says, or what ssl.principal.mapping.rules make of the certificate.',
    { update: 'per-broker' },
  ),
  'connection.failed.authentication.delay.ms': int(
    100,
    'How long the answer to a failed login is held back, and the connection with it.',
    { min: 0, importance: 'LOW' },
  ),
  'connections.max.reauth.ms': long(
    0,
    'How long a login is good for: clients renew it before (KIP-368), and the connection of one that does not ends with its next request. 0 for as long as the connection lasts.',
  ),
  'sasl.enabled.mechanisms': list(
    'GSSAPI',
    'The SASL mechanisms clients may log in with. To be set where a listener has SASL_PLAINTEXT or SASL_SSL, since the default is not served.',
    { update: 'per-broker' },
  ),
  'sasl.jaas.config': password(
    'What a mechanism needs to know, mostly set for a listener and mechanism: listener.name.clients.plain.sasl.jaas.config=org.apache.kafka.common.security.plain.PlainLoginModule required user_alice="her password";',
    { check: jaasProblem, update: 'per-broker' },
  ),
  'sasl.server.max.receive.size': int(524_288, 'The largest frame taken before a connection has logged in.', {
    min: 0,
  }),
  'sasl.oauthbearer.clock.skew.seconds': int(
    30,
    "By how much the clock of the identity provider may differ from this machine's.",
    { importance: 'LOW' },
  ),
  'sasl.oauthbearer.expected.audience': list(
    '',
    'Audiences of which a token must name one in its aud claim; at least one where OAUTHBEARER is enabled.',
    { importance: 'LOW' },
  ),
  'sasl.oauthbearer.expected.issuer': string(
    null,
    'What a token must have in its iss claim; must be set where OAUTHBEARER is enabled.',
    { importance: 'LOW' },
  ),
  'sasl.oauthbearer.jwks.endpoint.refresh.ms': long(
    3_600_000,
    "How often the identity provider's keys are fetched. They are also fetched when a token names a key that is not known, at most every ten seconds, and a file is read every ten seconds.",
    { importance: 'LOW' },
  ),
  'sasl.oauthbearer.jwks.endpoint.retry.backoff.max.ms': long(
    10_000,
    "The longest wait between two attempts to fetch the identity provider's keys.",
    { importance: 'LOW' },
  ),
  'sasl.oauthbearer.jwks.endpoint.retry.backoff.ms': long(
    100,
    "The wait after the first failed attempt to fetch the identity provider's keys; it doubles with each further one.",
    { importance: 'LOW' },
  ),
  'sasl.oauthbearer.jwks.endpoint.url': string(
    null,
    "Where the identity provider's public keys are: an https: URL, a file: URL, or an http: URL of this machine itself. Must be set where OAUTHBEARER is enabled. Certificates are checked against Node's authorities and those that NODE_EXTRA_CA_CERTS adds.",
  ),
  'sasl.oauthbearer.jwt.validator.class': className(
    'org.apache.kafka.common.security.oauthbearer.DefaultJwtValidator',
    "Kafka's class that checks tokens: only the default and BrokerJwtValidator are taken, and tokens are checked as they do.",
  ),
  'sasl.oauthbearer.scope.claim.name': string(
    'scope',
    'Claim of a token that holds its scopes: a text, or a list of different ones. Nothing depends on them.',
    { importance: 'LOW' },
  ),
  'sasl.oauthbearer.sub.claim.name': string(
    'sub',
    "Claim of a token that holds the user's name; without it the token is refused.",
    { importance: 'LOW' },
  ),
  'sasl.kerberos.principal.to.local.rules': list(
    'DEFAULT',
    "Rules that make names of users from names of Kerberos, the first that fits: DEFAULT takes the first part of names of the broker's own realm, and RULE is written as in Kafka.",
    { update: 'per-broker' },
  ),
  'sasl.kerberos.service.name': string(
    null,
    "The service of which the broker's Kerberos principal is; when it is set, the principal in sasl.jaas.config must be of it.",
    { update: 'per-broker' },
  ),
  'sasl.server.callback.handler.class': className(
    null,
    "Kafka's class that checks logins. With OAUTHBEARER OAuthBearerValidatorCallbackHandler is taken, which does what is done anyway.",
  ),
  ...inert('There is no JVM', {
    'security.providers': string(null, 'Security providers of the JVM.', { importance: 'LOW' }),
  }),
  ...inert('Kerberos checks tickets by a keytab, and fetches none', {
    'sasl.kerberos.kinit.cmd': string('/usr/bin/kinit', "Path of Kerberos' kinit.", { update: 'per-broker' }),
    'sasl.kerberos.min.time.before.relogin': long(60_000, 'Least time between two Kerberos logins.', {
      update: 'per-broker',
    }),
    'sasl.kerberos.ticket.renew.jitter': double(0.05, 'Randomness of the renewal of tickets.', {
      update: 'per-broker',
    }),
    'sasl.kerberos.ticket.renew.window.factor': double(
      0.8,
      "Share of a ticket's life after which it is renewed.",
      { update: 'per-broker' },
    ),
  }),
  ...inert('Moldau takes logins and makes none: a broker connects to no other so far', {
    'sasl.client.callback.handler.class': className(null, 'Callback class of SASL clients.'),
    'sasl.login.callback.handler.class': className(null, 'Callback class of SASL logins.'),
    'sasl.login.class': className(null, 'Class of SASL logins.'),
    'sasl.login.connect.timeout.ms': int(null, 'Timeout of the connection to the identity provider.', {
      importance: 'LOW',
    }),
    'sasl.login.read.timeout.ms': int(null, 'Timeout of reads from the identity provider.', {
      importance: 'LOW',
    }),
    'sasl.login.refresh.buffer.seconds': short(300, 'Time before its expiry at which a token is refreshed.', {
      update: 'per-broker',
    }),
    'sasl.login.refresh.min.period.seconds': short(60, 'Least time between two refreshes.', {
      update: 'per-broker',
    }),
    'sasl.login.refresh.window.factor': double(0.8, "Share of a token's life after which it is refreshed.", {
      update: 'per-broker',
    }),
    'sasl.login.refresh.window.jitter': double(0.05, 'Randomness of that.', { update: 'per-broker' }),
    'sasl.login.retry.backoff.max.ms': long(10_000, 'The longest wait between two login attempts.', {
      importance: 'LOW',
    }),
    'sasl.login.retry.backoff.ms': long(100, 'The first wait between two login attempts.', {
      importance: 'LOW',
    }),
    'sasl.mechanism.controller.protocol': string('GSSAPI', 'SASL mechanism towards controllers.', {
      importance: 'HIGH',
    }),
    'sasl.mechanism.inter.broker.protocol': string('GSSAPI', 'SASL mechanism among brokers.', {
      update: 'per-broker',
    }),
    'sasl.oauthbearer.assertion.algorithm': string('RS256', 'Algorithm that signs assertions.', {
      oneOf: ['ES256', 'RS256'],
      ignoreCase: true,
    }),
    'sasl.oauthbearer.assertion.claim.aud': string(null, 'Audience of assertions.'),
    'sasl.oauthbearer.assertion.claim.exp.seconds': int(300, 'Life of assertions.', {
      min: 0,
      max: 86_400,
      importance: 'LOW',
    }),
    'sasl.oauthbearer.assertion.claim.iss': string(null, 'Issuer of assertions.'),
    'sasl.oauthbearer.assertion.claim.jti.include': bool(false, 'Whether assertions carry an id.'),
    'sasl.oauthbearer.assertion.claim.nbf.seconds': int(60, 'How far back assertions are valid from.', {
      min: 0,
      max: 3600,
      importance: 'LOW',
    }),
    'sasl.oauthbearer.assertion.claim.sub': string(null, 'Subject of assertions.'),
    'sasl.oauthbearer.assertion.file': string(null, 'File with a finished assertion.'),
    'sasl.oauthbearer.assertion.private.key.file': string(null, 'File with the key that signs assertions.'),
    'sasl.oauthbearer.assertion.private.key.passphrase': password('Passphrase of that key.'),
    'sasl.oauthbearer.assertion.template.file': string(null, 'File with further claims of assertions.'),
    'sasl.oauthbearer.client.credentials.client.id': string(null, 'Client id towards the identity provider.'),
    'sasl.oauthbearer.client.credentials.client.secret': password(
      'Client secret towards the identity provider.',
    ),
    'sasl.oauthbearer.jwt.retriever.class': className(
      'org.apache.kafka.common.security.oauthbearer.DefaultJwtRetriever',
      'Class that gets tokens.',
    ),
    'sasl.oauthbearer.scope': string(null, 'Scope asked for.'),
    'sasl.oauthbearer.token.endpoint.url': string(null, 'Where tokens come from.'),
  }),
  'ssl.allow.dn.changes': bool(false, 'Whether a new certificate may have another name.', {
    importance: 'LOW',
  }),
  'ssl.allow.san.changes': bool(
    false,
    'Whether a new certificate may lack alternative names that the old one has.',
    {
      importance: 'LOW',
    },
  ),
  'ssl.cipher.suites': list(
    '',
    "Cipher suites that are on, by Java's or OpenSSL's names; empty for a good choice.",
    {
      update: 'per-broker',
    },
  ),
  'ssl.client.auth': string(
    'none',
    'Whether clients must show a certificate; with requested one that is shown must be good.',
    { oneOf: ['required', 'requested', 'none'], update: 'per-broker' },
  ),
  'ssl.enabled.protocols': list('TLSv1.2,TLSv1.3', 'TLS versions that are on: TLSv1.2, TLSv1.3.', {
    update: 'per-broker',
  }),
  'ssl.key.password': password('Password of the private key, where a PEM key is encrypted.', {
    update: 'per-broker',
  }),
  'ssl.keystore.certificate.chain': password('Certificate chain as PEM.', { update: 'per-broker' }),
  'ssl.keystore.key': password('Private key as PEM.', { update: 'per-broker' }),
  'ssl.keystore.location': string(
    null,
    'File with the private key and its certificates; read again when it changes.',
    { update: 'per-broker' },
  ),
  'ssl.keystore.password': password('Password of that file, for PKCS12.', { update: 'per-broker' }),
  'ssl.keystore.type': string('JKS', 'PEM or PKCS12; the file itself decides.', { update: 'per-broker' }),
  'ssl.principal.mapping.rules': string(
    'DEFAULT',
    'Rules from certificate names to principals: RULE:pattern/replacement/[LU] or DEFAULT, several with commas.',
    { importance: 'LOW' },
  ),
  'ssl.truststore.certificates': password('Trusted certificates as PEM.', { update: 'per-broker' }),
  'ssl.truststore.location': string(
    null,
    'File with the certificates of those who vouch for clients; read again when it changes.',
    { update: 'per-broker' },
  ),
  'ssl.truststore.password': password('Password of that file, for PKCS12.', { update: 'per-broker' }),
  'ssl.truststore.type': string('JKS', 'PEM or PKCS12; the file itself decides.', { update: 'per-broker' }),
  ...inert("TLS is OpenSSL's here, so there is nothing of the JVM to choose", {
    'ssl.engine.factory.class': className(null, 'Class that makes TLS engines.', {
      importance: 'LOW',
      update: 'per-broker',
    }),
    'ssl.keymanager.algorithm': string('SunX509', 'Algorithm of the key manager.', { update: 'per-broker' }),
    'ssl.protocol': string('TLSv1.3', 'TLS version of the context.', { update: 'per-broker' }),
    'ssl.provider': string(null, 'Security provider of TLS.', { update: 'per-broker' }),
    'ssl.secure.random.implementation': string(null, 'Source of randomness of TLS.', {
      importance: 'LOW',
      update: 'per-broker',
    }),
    'ssl.trustmanager.algorithm': string('PKIX', 'Algorithm of the trust manager.', { update: 'per-broker' }),
  }),
  ...inert('This broker connects to no other by TLS so far', {
    'ssl.endpoint.identification.algorithm': string('https', "How a server's name is checked.", {
      importance: 'LOW',
      update: 'per-broker',
    }),
  }),
};
