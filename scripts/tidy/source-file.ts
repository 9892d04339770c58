// A TypeScript file as the rules see it: its text, the same text with comments and strings blanked, and its imports.

/** Paths from the root to texts; files that are not read as text have an empty one. */
export type Tree = ReadonlyMap<string, string>;

export interface Finding {
  readonly path: string;
  readonly line: number;
  /** The rule's name, in a word or two. */
  readonly rule: string;
  /** What is wrong and what to do. */
  readonly advice: string;
}

export interface ImportedModule {
  readonly specifier: string;
  readonly line: number;
}

export interface SourceFile {
  readonly path: string;
  readonly text: string;
  /** As long as the text, line for line, with the contents of comments, strings and patterns blanked. */
  readonly code: string;
  /** As long as the text, with only the comments left. */
  readonly comments: string;
  readonly imports: readonly ImportedModule[];
}

export function toSourceFile(path: string, text: string): SourceFile {
  const { code, comments } = separate(text);
  return { path, text, code, comments, imports: findImports(text, code) };
}

export function lineOf(text: string, index: number): number {
  let line = 1;
  for (let at = text.indexOf('\n'); at !== -1 && at < index; at = text.indexOf('\n', at + 1)) line++;
  return line;
}

/** Files that run beside the product and not in it: tests and their helpers (test-x.ts, testing-x.ts), and all outside of packages. */
export function isSupportFile(path: string): boolean {
  return (
    /\.(test|bench|fuzz)\.ts$/.test(path) ||
    /\/(test|testing)-[^/]+\.ts$/.test(path) ||
    !path.startsWith('packages/')
  );
}

const STATIC_IMPORT = /\b(?:import|export)\b[^'";]*?\bfrom\s*(['"])/g;
const BARE_IMPORT = /\bimport\s*\(?\s*(['"])/g;
const URL_IMPORT = /\bnew\s+URL\(\s*(['"])/g;

function findImports(text: string, code: string): ImportedModule[] {
  const imports: ImportedModule[] = [];
  for (const pattern of [STATIC_IMPORT, BARE_IMPORT, URL_IMPORT]) {
    for (const match of code.matchAll(pattern)) {
      const start = match.index + match[0].length;
      const end = code.indexOf(match[1]!, start);
      imports.push({ specifier: text.slice(start, end), line: lineOf(text, match.index) });
    }
  }
  return imports;
}

const TOKEN =
  /(?<line>\/\/[^\n]*)|(?<block>\/\*[\s\S]*?\*\/)|(?<text>'(?:[^'\\\n]|\\[\s\S])*'|"(?:[^"\\\n]|\\[\s\S])*")|(?<tick>`)|(?<pattern>(?<=(?:[(,=:[!&|?{};\n]|=>|\breturn\b)\s*)\/(?![/*])(?:[^/\\[\n]|\\.|\[(?:[^\]\\\n]|\\.)*\])+\/[a-z]*)/g;

function separate(text: string): { code: string; comments: string } {
  const code: string[] = [];
  const comments: string[] = [];
  let at = 0;
  const keepCode = (end: number) => {
    code.push(text.slice(at, end));
    comments.push(blank(text.slice(at, end)));
    at = end;
  };
  TOKEN.lastIndex = 0;
  for (let match = TOKEN.exec(text); match !== null; match = TOKEN.exec(text)) {
    keepCode(match.index);
    const isComment = match.groups!.line !== undefined || match.groups!.block !== undefined;
    const end = match.groups!.tick === undefined ? at + match[0].length : endOfTemplate(text, at);
    const token = text.slice(at, end);
    comments.push(isComment ? token : blank(token));
    code.push(isComment ? blank(token) : token[0] + blank(token.slice(1, -1)) + token.at(-1)!);
    at = end;
    TOKEN.lastIndex = end;
  }
  keepCode(text.length);
  return { code: code.join(''), comments: comments.join('') };
}

/** Past the backtick that closes the template that opens at `start`; what stands in its braces is blanked with it. */
function endOfTemplate(text: string, start: number): number {
  let depth = 0;
  for (let at = start + 1; at < text.length; at++) {
    if (text[at] === '\\') at++;
    else if (depth === 0 && text[at] === '`') return at + 1;
    else if (depth > 0 && text[at] === '`') at = endOfTemplate(text, at) - 1;
    else if (text.startsWith('${', at)) depth++;
    else if (depth > 0 && text[at] === '{' && text[at - 1] !== '$') depth++;
    else if (depth > 0 && text[at] === '}') depth--;
  }
  return text.length;
}

function blank(text: string): string {
  return text.replace(/[^\n]/g, ' ');
}
