// A picture of a bench: for each figure a bar for Moldau and one for Kafka, the longer of the two filling the width.

export interface Bar {
  readonly label: string;
  readonly moldau: number;
  readonly kafka: number;
}

const WIDTH = 860;
const LABEL_WIDTH = 250;
const BAR_WIDTH = 500;
const ROW_HEIGHT = 40;
const TOP = 56;

/** An SVG document that reads on a light and on a dark page. */
export function chart(title: string, bars: readonly Bar[]): string {
  const rows = bars.map((bar, index) => row(bar, TOP + index * ROW_HEIGHT));
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${TOP + bars.length * ROW_HEIGHT + 8}" role="img" aria-label="${title}">
<style>
text { font: 13px system-ui, sans-serif; fill: #333 } .title { font-size: 16px; font-weight: 600 } .value { font-size: 11px }
.moldau { fill: #1f77b4 } .kafka { fill: #b0b0b0 }
@media (prefers-color-scheme: dark) { text { fill: #ddd } .moldau { fill: #5aa9e6 } .kafka { fill: #777 } }
</style>
<text class="title" x="8" y="22">${title}</text>
<rect class="moldau" x="8" y="34" width="10" height="10"/><text x="24" y="44">Moldau</text>
<rect class="kafka" x="90" y="34" width="10" height="10"/><text x="106" y="44">Apache Kafka</text>
${rows.join('\n')}
</svg>
`;
}

function row({ label, moldau, kafka }: Bar, y: number): string {
  const longest = Math.max(moldau, kafka);
  const bar = (kind: string, value: number, top: number): string => {
    const width = Math.max(1, (value / longest) * BAR_WIDTH);
    return (
      `<rect class="${kind}" x="${LABEL_WIDTH}" y="${top}" width="${width.toFixed(1)}" height="13"/>` +
      `<text class="value" x="${LABEL_WIDTH + width + 6}" y="${top + 11}">${Number(value.toPrecision(3))}</text>`
    );
  };
  return `<text x="8" y="${y + 20}">${label}</text>${bar('moldau', moldau, y + 2)}${bar('kafka', kafka, y + 17)}`;
}
