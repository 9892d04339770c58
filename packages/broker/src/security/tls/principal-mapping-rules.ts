// ssl.principal.mapping.rules (KIP-371): from a certificate's name to the name of a principal.
//
// Rules are tried in order; 'RULE:pattern/replacement/' with an L or U behind it, or DEFAULT, which takes every name as it is. The patterns are
// Java's regular expressions; where JavaScript reads one in another way, or not at all, it is refused rather than read wrongly.

import { compileJavaPattern } from '../java-pattern.ts';

/** The name without 'User:', or undefined when no rule fits. */
export type PrincipalMapping = (distinguishedName: string) => string | undefined;

const RULE = String.raw`(DEFAULT)|RULE:((?:\\.|[^\\/])*)/((?:\\.|[^\\/])*)/([LU]?).*?|(.*?)`;

/** @throws Error that says which rule is wrong, and why */
export function parsePrincipalMapping(rules: string): PrincipalMapping {
  const splitter = new RegExp(String.raw`\s*(${RULE})\s*(?:,\s*|$)`, 'g');
  const mappings = [...rules.trim().matchAll(splitter)].flatMap(([, rule = '']) => parseRule(rule));
  return (name) => {
    for (const map of mappings) {
      const mapped = map(name);
      if (mapped !== undefined) return mapped;
    }
    return undefined;
  };
}

function parseRule(rule: string): PrincipalMapping[] {
  const parts = new RegExp(RULE, 'y').exec(rule);
  if (parts === null || parts[0].length !== rule.length) {
    throw new Error(`${JSON.stringify(rule)} is no rule: expected DEFAULT or RULE:pattern/replacement/[LU]`);
  }
  const [, isDefault, pattern, replacement = '', letters] = parts;
  if (isDefault !== undefined) return [(name) => name];
  if (pattern === undefined) return [];
  const { whole, each } = compileJavaPattern(pattern);
  const groupCount = new RegExp(`${whole.source}|`).exec('')!.length - 1;
  return [
    (name) => {
      if (!whole.test(name)) return undefined;
      const mapped = name.replace(each, (...match) => expand(replacement, match.slice(0, groupCount + 1)));
      if (letters === 'L') return mapped.toLowerCase();
      return letters === 'U' ? mapped.toUpperCase() : mapped;
    },
  ];
}

/** As Java's Matcher reads a replacement: $1 is a group, as many digits as there are groups for; a group that is not there stays as it is written. */
function expand(replacement: string, groups: readonly (string | undefined)[]): string {
  return replacement.replace(/\\([\s\S])|\$(\d+)/g, (written, escaped?: string, digits = '') => {
    if (escaped !== undefined) return escaped;
    for (let length = digits.length; length > 0; length--) {
      const group = Number(digits.slice(0, length));
      if (group < groups.length) return (groups[group] ?? '') + digits.slice(length);
    }
    return written;
  });
}
