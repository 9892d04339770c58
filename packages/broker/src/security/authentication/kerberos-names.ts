// sasl.kerberos.principal.to.local.rules: from a client's Kerberos name to the name of its principal, in the grammar of Hadoop's auth_to_local.
//
//   DEFAULT                                   the first part of names of the broker's own realm
//   RULE:[n:format](pattern)s/from/to/g/L     for names of n parts: $0 is the realm, $1 and $2 the parts; pattern, substitution, g, and L or U may be missing
//
// Rules are tried in order; the first that fits decides. Patterns are read as ssl.principal.mapping.rules reads them.

import { compileJavaPattern } from '../java-pattern.ts';

/** The name without 'User:'. Throws KerberosNameError when no rule fits. */
export type KerberosNaming = (kerberosName: string) => string;

export class KerberosNameError extends Error {
  override readonly name = 'KerberosNameError';
}

/** $0 is the realm, the rest the parts of the name. */
type Parts = readonly string[];
type Rule = (parts: Parts) => string | undefined;

const NAME = /^([^/@]*)(?:\/([^/@]*))?@([^/@]*)$/;
const RULE = /^RULE:\[(\d+):([^\]]*)\](?:\(([^)]*)\))?(?:s\/([^/]*)\/([^/]*)\/(g)?)?\/?([LU])?$/;

/** @throws Error that says which rule is wrong */
export function parseKerberosRules(rules: readonly string[], ownRealm: string): KerberosNaming {
  const parsed = rules.map((rule) => parseRule(rule.trim(), ownRealm));
  return (kerberosName) => {
    const [, service, host, realm] = NAME.exec(kerberosName) ?? [];
    if (service === undefined || realm === undefined) {
      throw new KerberosNameError(`${JSON.stringify(kerberosName)} is no name of Kerberos`);
    }
    const parts = host === undefined ? [realm, service] : [realm, service, host];
    for (const rule of parsed) {
      const name = rule(parts);
      if (name !== undefined) return checked(name, kerberosName);
    }
    throw new KerberosNameError(`no rule applies to ${JSON.stringify(kerberosName)}`);
  };
}

function parseRule(text: string, ownRealm: string): Rule {
  if (text === 'DEFAULT') return ([realm, name]) => (realm === ownRealm ? name : undefined);
  const match = RULE.exec(text);
  if (match === null) {
    throw new Error(
      `${JSON.stringify(text)} is no rule: expected DEFAULT or RULE:[n:format](pattern)s/from/to/`,
    );
  }
  const [, count, format = '', pattern, from, to = '', isGlobal, letters] = match;
  const accepted = pattern === undefined ? undefined : compileJavaPattern(pattern).whole;
  const replaced = from === undefined ? undefined : compileJavaPattern(from).each;
  return (parts) => {
    if (parts.length - 1 !== Number(count)) return undefined;
    const base = fill(format, parts);
    if (accepted !== undefined && !accepted.test(base)) return undefined;
    const name = replaced === undefined ? base : substitute(base, replaced, to, isGlobal !== undefined);
    if (letters === 'L') return name.toLowerCase();
    return letters === 'U' ? name.toUpperCase() : name;
  };
}

function fill(format: string, parts: Parts): string {
  return format.replace(/\$(\d*)/g, (_, index: string) => {
    const part = index === '' ? undefined : parts[Number(index)];
    if (part === undefined)
      throw new KerberosNameError(`$${index} is no part of a name of ${parts.length - 1}`);
    return part;
  });
}

function substitute(base: string, from: RegExp, to: string, isGlobal: boolean): string {
  return base.replace(isGlobal ? from : new RegExp(from.source, from.flags.replace('g', '')), (...match) =>
    to.replace(/\\(.)|\$(\d)/g, (_, escaped: string | undefined, group: string) => {
      return escaped ?? String(match[Number(group)] ?? '');
    }),
  );
}

/** What is left of a host or a realm in a name would be taken for another one's name. */
function checked(name: string, kerberosName: string): string {
  if (name === '' || /[/@]/.test(name)) {
    throw new KerberosNameError(`the rules make ${JSON.stringify(name)} of ${JSON.stringify(kerberosName)}`);
  }
  return name;
}
