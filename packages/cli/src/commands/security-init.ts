// `moldau security init`: makes all that a broker with encryption, logins and permissions needs, and what its clients are told.
//
// Invariants: everything in the folder but the authority's certificate is for its owner alone, from the first byte on. Nothing that
// exists is replaced unless --force says so, and nothing is written when anything would be.

import { generateKeyPairSync } from 'node:crypto';
import { resolve } from 'node:path';
import type { Clock, Disk, Random } from '@moldau/io';
import { nodeClock, nodeDisk, nodeRandom } from '@moldau/io';
import { hostIdentity } from '../host-identity.ts';
import { print } from '../output/print.ts';
import { isHost, issueServerCertificate, makeAuthority, privateKeyPem } from '../security/certificates.ts';
import { type ClientProfile, clientProfiles, MECHANISM } from '../security/client-profiles.ts';
import { explainStartError } from '../start-errors.ts';

export interface SecurityInitFlags {
  readonly dir?: string;
  readonly host?: readonly string[];
  readonly user?: string;
  readonly port?: string;
  readonly force?: boolean;
}

/** What the command needs of the process it runs in. */
export interface SecurityInitWorld {
  readonly disk: Disk;
  readonly random: Random;
  readonly clock: Clock;
  readonly hostName: string;
  print(text: string): void;
  /** One line to standard error, without its end. */
  tell(line: string): void;
  exit(code: number): void;
}

const EXIT_FAILURE = 1;
const EXIT_USAGE = 2;
const DEFAULT_FOLDER = 'moldau-security';
const DEFAULT_PORT = '9092';
const DAY_MS = 86_400_000;
const AUTHORITY_DAYS = 3650;
/** The longest that browsers and Apple's systems take. */
const SERVER_DAYS = 825;
/** Clocks of clients may be slow. */
const BACKDATED_MS = 3_600_000;
const SERIAL_BYTES = 16;
const PASSWORD_BYTES = 24;

interface NewFile {
  /** From the folder. */
  readonly path: string;
  readonly text: string;
  readonly isPublic?: boolean;
}

export async function runSecurityInit(
  flags: SecurityInitFlags,
  world: SecurityInitWorld = processWorld(),
): Promise<void> {
  const problem = wrongFlag(flags);
  if (problem !== undefined) {
    world.tell(`moldau: ${problem}`);
    return world.exit(EXIT_USAGE);
  }
  const folder = resolve(flags.dir ?? DEFAULT_FOLDER);
  const { files, profiles, hosts } = plan(folder, flags, world);
  try {
    const existing = flags.force === true ? undefined : await firstExisting(folder, files, world.disk);
    if (existing !== undefined) {
      world.tell(
        `moldau: ${existing} exists already: choose another folder with --dir, or replace everything there with --force, after which clients need the new files`,
      );
      return world.exit(EXIT_FAILURE);
    }
    if ((await world.disk.publicAccess(folder)).write) {
      world.tell(
        `moldau: every user of this machine can replace files in ${folder}: choose another folder with --dir, or close it with chmod 700 ${folder}`,
      );
      return world.exit(EXIT_FAILURE);
    }
    await write(folder, files, world.disk);
  } catch (error) {
    for (const line of explainStartError(error)) world.tell(`moldau: ${line}`);
    return world.exit(EXIT_FAILURE);
  }
  world.print(report(folder, flags, profiles, hosts));
}

function wrongFlag({ dir, host = [], user, port }: SecurityInitFlags): string | undefined {
  // References in the configuration, and the files of clients, have no way to write these.
  if (dir === '' || /[:{}"'\\\n]/.test(resolve(dir ?? '')))
    return `Invalid value ${JSON.stringify(dir ?? resolve(''))} for --dir: expected a folder without any of : { } " ' \\ in its path`;
  const wrongHost = host.find((each) => !isHost(each));
  if (wrongHost !== undefined) {
    return `Invalid value ${JSON.stringify(wrongHost)} for --host: expected a name or an address by which clients reach the broker, as in kafka.example.org`;
  }
  if (user !== undefined && !/^[\w.@-]+$/.test(user))
    return `Invalid value ${JSON.stringify(user)} for --user: expected letters, digits and any of . _ - @`;
  if (port !== undefined && !(/^\d{1,5}$/.test(port) && Number(port) > 0 && Number(port) < 65_536))
    return `Invalid value ${JSON.stringify(port)} for --port: expected a number from 1 to 65535`;
  return undefined;
}

function plan(folder: string, flags: SecurityInitFlags, { random, clock, hostName }: SecurityInitWorld) {
  const { host = [], user = 'admin', port = DEFAULT_PORT } = flags;
  const local = ['localhost', '127.0.0.1', '::1'];
  const hosts = [...new Set([...host, ...local, ...(isHost(hostName) ? [hostName] : [])])];
  const password = random.bytes(PASSWORD_BYTES).toString('base64url');
  const nowMs = clock.wallMs();
  const issue = (commonName: string, days: number) => ({
    commonName,
    serial: random.bytes(SERIAL_BYTES),
    notBeforeMs: nowMs - BACKDATED_MS,
    notAfterMs: nowMs + days * DAY_MS,
  });
  const newKeys = () => generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const authority = makeAuthority(issue(`Moldau authority of ${hostName}`, AUTHORITY_DAYS), newKeys());
  const serverKeys = newKeys();
  const certificate = issueServerCertificate(authority, serverKeys.publicKey, {
    ...issue(hosts[0]!, SERVER_DAYS),
    hosts,
  });
  const address = `${hosts[0]!.includes(':') ? `[${hosts[0]}]` : hosts[0]}:${port}`;
  const profiles = clientProfiles({ address, user, password, authorityPath: `${folder}/ca.pem` });
  const files: NewFile[] = [
    { path: 'ca.pem', text: authority.certificatePem, isPublic: true },
    { path: 'ca-key.pem', text: privateKeyPem(authority.privateKey) },
    {
      path: 'server.pem',
      text: privateKeyPem(serverKeys.privateKey) + certificate + authority.certificatePem,
    },
    { path: 'users.properties', text: `${user}=${password}\n` },
    { path: 'server.properties', text: serverProperties(folder, { ...flags, user, port }, address) },
    ...profiles.map(({ fileName, text }) => ({ path: `clients/${fileName}`, text })),
  ];
  return { files, profiles, hosts };
}

/** Without --host only this machine's own clients are meant. */
function serverProperties(
  folder: string,
  { host = [], user, port }: SecurityInitFlags,
  address: string,
): string {
  const listener = host.length === 0 ? `127.0.0.1:${port}` : `:${port}`;
  return `# Made by \`moldau security init\`. No secret stands here: they are in the files that the values refer to.

# Every client is encrypted and logs in.
listeners=SASL_SSL://${listener}
advertised.listeners=SASL_SSL://${address}
ssl.keystore.type=PEM
ssl.keystore.location=${folder}/server.pem
sasl.enabled.mechanisms=${MECHANISM}

# The first user, made when the cluster has none of that name. kafka-configs makes more: --entity-type users.
moldau.users=${user}:\${file:${folder}/users.properties:${user}}

# Nobody may do anything but this user and whom kafka-acls allows it.
authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer
super.users=User:${user}
`;
}

async function firstExisting(
  folder: string,
  files: readonly NewFile[],
  disk: Disk,
): Promise<string | undefined> {
  for (const { path } of files) {
    if ((await disk.stat(`${folder}/${path}`)) !== undefined) return `${folder}/${path}`;
  }
  return undefined;
}

async function write(folder: string, files: readonly NewFile[], disk: Disk): Promise<void> {
  await disk.makeDirectory(folder, 'owner');
  await disk.makeDirectory(`${folder}/clients`, 'owner');
  for (const { path, text, isPublic } of files) {
    await disk.replaceFile(`${folder}/${path}`, Buffer.from(text), isPublic ? undefined : 'owner');
  }
}

function report(
  folder: string,
  { dir = DEFAULT_FOLDER, user = 'admin' }: SecurityInitFlags,
  profiles: readonly ClientProfile[],
  hosts: readonly string[],
): string {
  const clients = profiles.map(({ client, fileName, text, usage }) => {
    const path = `${folder}/clients/${fileName}`;
    return `${client}: ${path}\n\n${indented(text)}\n  ${usage(path)}\n`;
  });
  return `Encryption, logins and permissions are set up in ${dir}: an authority, a certificate
for ${hosts.join(', ')},
and the user ${user}, who may do everything. Start the broker with

  moldau server --config ${dir}/server.properties

and tell your clients the following. These files hold the password, and are readable by you alone.

${clients.join('\n')}
Who has ${dir}/ca-key.pem can pretend to be your broker: keep it elsewhere, only new certificates need it.
\`moldau security check --config ${dir}/server.properties\` says what an outsider could do.
`;
}

function indented(text: string): string {
  return text.replace(/^(?=.)/gm, '  ');
}

function processWorld(): SecurityInitWorld {
  return {
    ...{ disk: nodeDisk, random: nodeRandom, clock: nodeClock },
    hostName: hostIdentity().hostName,
    print,
    tell(line) {
      process.stderr.write(`${line}\n`);
    },
    exit(code) {
      process.exitCode = code;
    },
  };
}
