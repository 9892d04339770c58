// Rule: links in the documentation lead somewhere, and so do the paths it names.

import { posix } from 'node:path';
import { type Finding, lineOf, type Tree } from './source-file.ts';

const LINK = /\[[^\]\n]*\]\(([^)\s]+)\)/g;
const NAMED_PATH = /`((?:packages|scripts|docs|examples|test|bench)\/[\w./-]+)`/g;

export function checkDocuments(tree: Tree): Finding[] {
  const folders = new Set([...tree.keys()].flatMap(ancestors));
  const exists = (path: string) => tree.has(path) || folders.has(path.replace(/\/$/, ''));
  const findings: Finding[] = [];
  for (const [path, text] of tree) {
    if (!path.endsWith('.md')) continue;
    const prose = text.replace(/^```[\s\S]*?^```/gm, (block) => block.replace(/[^\n]/g, ' '));
    for (const match of prose.matchAll(LINK)) {
      const problem = problemOf(match[1]!, path, tree, exists);
      if (problem !== undefined)
        findings.push({ path, line: lineOf(prose, match.index), rule: 'dead link', advice: problem });
    }
    for (const match of prose.matchAll(NAMED_PATH)) {
      if (exists(match[1]!)) continue;
      findings.push({
        path,
        line: lineOf(prose, match.index),
        rule: 'dead path',
        advice: `there is no ${match[1]}: name what stands there now`,
      });
    }
  }
  return findings;
}

function problemOf(
  link: string,
  path: string,
  tree: Tree,
  exists: (path: string) => boolean,
): string | undefined {
  if (/^[a-z]+:/.test(link)) return undefined;
  const [file = '', anchor] = link.split('#');
  const target = file === '' ? path : posix.join(posix.dirname(path), decodeURIComponent(file));
  if (!exists(target)) return `there is no ${target}: link to what stands there now`;
  if (anchor === undefined || !target.endsWith('.md')) return undefined;
  return anchors(tree.get(target)!).has(anchor) ? undefined : `${target} has no heading #${anchor}`;
}

/** The anchors that GitHub gives to headings. */
function anchors(text: string): Set<string> {
  const headings = [...text.matchAll(/^#{1,6}\s+(.*)$/gm)].map((match) => match[1]!);
  return new Set(
    headings.map((heading) =>
      heading
        .toLowerCase()
        .replace(/[^\p{L}\p{N}\s_-]/gu, '')
        .trim()
        .replaceAll(' ', '-'),
    ),
  );
}

function ancestors(path: string): string[] {
  const parts = path.split('/');
  return parts.slice(1).map((_, index) => parts.slice(0, index + 1).join('/'));
}
