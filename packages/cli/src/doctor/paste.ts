// Makes the commands of findings work when they are pasted: they get the flags by which this command found the cluster, and never a secret.

import type { ConnectionFlags } from '../connection/settings.ts';
import type { Finding } from './finding.ts';

const SECRET = /password|secret|pem$|jaas|\.key$|token/;
/** In backticks. A broker that is started looks for no cluster. */
const COMMAND = /`(moldau (?!server)[^`]+)`/g;
const HARMLESS = /^[\w@%+=:,./-]+$/;

/** With the environment and the current profile they work anyway. */
export function pasteable(findings: readonly Finding[], flags: ConnectionFlags): Finding[] {
  return findings.map((finding) => ({
    ...finding,
    mend: finding.mend.replace(COMMAND, (_, command: string) => `\`${withFlags(command, flags)}\``),
  }));
}

function withFlags(command: string, { brokers, profile, clientConfig, X = [] }: ConnectionFlags): string {
  const given: readonly (readonly [flag: string, value: string | undefined])[] = [
    ['-b', brokers],
    ['--profile', profile],
    ['--client-config', clientConfig],
    ...X.filter((text) => !command.includes(`-X ${nameOf(text)}=`)).map(
      (text) => ['-X', shown(text)] as const,
    ),
  ];
  return [
    command,
    ...given.flatMap(([flag, value]) => (value === undefined ? [] : [flag, quoted(value)])),
  ].join(' ');
}

function nameOf(property: string): string {
  return property.slice(0, property.indexOf('=')).trim();
}

function shown(property: string): string {
  const name = nameOf(property);
  return SECRET.test(name) ? `${name}=SECRET` : property;
}

/** As a shell takes it for one word. */
export function quoted(word: string): string {
  return HARMLESS.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}
