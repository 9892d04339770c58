// Logins by Kerberos, with Debian's key distribution centre: kcat and Kafka's tools, which have both implementations of it that there are, MIT's and
// Java's. The program starts a broker of its own.

import { join } from 'node:path';
import type { Client } from '../../harness/client.ts';
import { aptPackage, kafkaJars, mavenJars } from '../../harness/install.ts';

const PATH = `/usr/sbin:${process.env.PATH}`;

export const client: Client = {
  name: 'kerberos',
  async install(folders) {
    const has = (program: string) => ['env', `PATH=${PATH}`, 'which', program];
    await aptPackage('krb5-kdc', has('krb5kdc'));
    await aptPackage('krb5-admin-server', has('kadmin.local'));
    await aptPackage('krb5-user', has('kinit'));
    await aptPackage('libsasl2-modules-gssapi-mit', ['sh', '-c', 'ls /usr/lib/*/sasl2/libgssapiv2.so']);
    await aptPackage('kcat', ['kcat', '-V']);
    await mavenJars(folders);
  },
  programs: (folders) => [
    {
      command: [process.execPath, '--conditions=source', join(folders.root, 'clients/kerberos/cases.ts')],
      environment: { INTEROP_JARS: kafkaJars(folders), PATH },
      cases: [],
      ownBrokerCases: ['kcat', 'kcat-tls', 'java', 'java-tls', 'refused'],
    },
  ],
};
