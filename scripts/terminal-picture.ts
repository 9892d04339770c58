// Draws what a terminal showed as an SVG, for the README:
//   { echo '$ npm run example'; npm run -s example; } | node scripts/terminal-picture.ts > docs/log-delivery.svg
// A line that opens with '$ ' is drawn as something typed.

import { text } from 'node:stream/consumers';

const CHARACTER_WIDTH = 7.8;
const LINE_HEIGHT = 18;
const PADDING = 16;
const BAR_HEIGHT = 28;

/** An SVG document of a terminal window that holds these lines. */
export function terminalPicture(lines: readonly string[]): string {
  const longest = Math.max(40, ...lines.map((line) => line.length));
  const width = Math.ceil(longest * CHARACTER_WIDTH + 2 * PADDING);
  const height = BAR_HEIGHT + lines.length * LINE_HEIGHT + 2 * PADDING;
  const rows = lines.map((line, index) => {
    const y = BAR_HEIGHT + PADDING + (index + 0.75) * LINE_HEIGHT;
    const kind = line.startsWith('$ ') ? ' class="typed"' : '';
    return `<text${kind} x="${PADDING}" y="${y}" xml:space="preserve">${escaped(line)}</text>`;
  });
  const lights = ['#ff5f56', '#ffbd2e', '#27c93f'].map(
    (color, index) =>
      `<circle cx="${PADDING + 4 + index * 18}" cy="${BAR_HEIGHT / 2 + 2}" r="5" fill="${color}"/>`,
  );
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" role="img" aria-label="a terminal">
<style>text { font: 13px ui-monospace, Menlo, Consolas, monospace; fill: #d8dee9 } .typed { fill: #8fd18f; font-weight: 600 }</style>
<rect width="${width}" height="${height}" rx="8" fill="#1e2430"/>
${lights.join('')}
${rows.join('\n')}
</svg>
`;
}

function escaped(line: string): string {
  return line.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}

if (import.meta.main) {
  // A line drawn over and over again, as progress is, counts as it stood at last.
  const lines = (await text(process.stdin))
    .trimEnd()
    .split('\n')
    .map((line) => line.split('\r').at(-1) ?? '');
  process.stdout.write(terminalPicture(lines));
}
