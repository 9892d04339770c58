// How errors call what decides on the way in: as those wrote it who are to change it, as options or as properties of Kafka.

export interface SettingWords {
  readonly tlsOn: string;
  readonly tlsOff: string;
  readonly loginOn: string;
  readonly loginOff: string;
  readonly authority: string;
  readonly ownCertificate: string;
  readonly brokerName: string;
}

export const OPTION_WORDS: SettingWords = {
  tlsOn: 'set the option tls',
  tlsOff: 'leave the option tls out',
  loginOn: 'set the option sasl',
  loginOff: 'leave the option sasl out',
  authority: 'tls.trusted',
  ownCertificate: 'tls.key and tls.certificates',
  brokerName: 'Use that name in brokers, or give it as tls.serverName',
};

export const PROPERTY_WORDS: SettingWords = {
  tlsOn: 'set security.protocol to ssl or sasl_ssl',
  tlsOff: 'set security.protocol to plaintext or sasl_plaintext',
  loginOn: 'set security.protocol to sasl_plaintext or sasl_ssl, and sasl.mechanism',
  loginOff: 'set security.protocol to plaintext or ssl',
  authority: 'ssl.truststore.certificates or ssl.ca.pem',
  ownCertificate: 'ssl.keystore.key and ssl.keystore.certificate.chain',
  brokerName: 'Use that name in bootstrap.servers',
};
