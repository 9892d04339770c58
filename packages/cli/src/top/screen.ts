// Drawing on a terminal: only lines that are not there already are written. Pure, but for what is written with it.

const CSI = '\x1b[';

/** A screen of its own, without a cursor, so that what was there comes back in the end. */
export const ENTER_SCREEN = `${CSI}?1049h${CSI}?25l${CSI}2J`;
export const LEAVE_SCREEN = `${CSI}?25h${CSI}?1049l`;

/** What to write so that `next` is on the screen where `shown` was; '' when nothing changes. */
export function redraw(shown: readonly string[], next: readonly string[]): string {
  let text = '';
  for (let row = 0; row < Math.max(shown.length, next.length); row++) {
    const line = next[row] ?? '';
    if (row < shown.length && shown[row] === line) continue;
    text += `${CSI}${row + 1};1H${line}${CSI}K`;
  }
  return text;
}
