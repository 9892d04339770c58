// Copies the examples of examples/client into the pages that show them: `npx node --conditions=source scripts/client-examples.ts`.
//
// A page says `<!-- example: producing.ts#send -->` before a block of code, and the block is what stands in that file between `// #region send` and
// `// #endregion`.

import { globSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const ROOT = join(import.meta.dirname, '..');
/** Those that show examples of the client. */
export const PAGES = ['README.md', 'packages/client/README.md', 'docs/client/*.md'];
const SHOWN = /^<!-- example: ([\w.-]+)#([\w-]+) -->\n```ts\n[\s\S]*?^```$/gm;

/** The page, with each example as it is in its file. */
export function withExamples(page: string): string {
  return page.replace(
    SHOWN,
    (_, file: string, region: string) =>
      `<!-- example: ${file}#${region} -->\n\`\`\`ts\n${regionOf(file, region)}\`\`\``,
  );
}

function regionOf(file: string, name: string): string {
  const text = readFileSync(join(ROOT, 'examples/client', file), 'utf8');
  const [, code] = new RegExp(`^ *// #region ${name}\\n([\\s\\S]*?)^ *// #endregion$`, 'm').exec(text) ?? [];
  if (code === undefined) throw new Error(`examples/client/${file} has no region ${name}`);
  const indent = /^ */.exec(code)![0];
  return code.replace(new RegExp(`^${indent}`, 'gm'), '');
}

if (import.meta.main) {
  for (const page of PAGES.flatMap((pattern) => globSync(pattern, { cwd: ROOT }))) {
    const path = join(ROOT, page);
    const text = readFileSync(path, 'utf8');
    const written = withExamples(text);
    if (written !== text) writeFileSync(path, written);
  }
}
