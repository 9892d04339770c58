// Compares what commands printed with what a page shows of it.
//
// A page shows `…` where it differs from run to run: within a line for anything, alone on a line for any number of lines. How many
// spaces stand between two words is not compared: the columns of a table are as wide as what is in them.

const ANYTHING = '…';

export function isAsShown(printed: string, shown: string): boolean {
  return patternOf(shown).test(
    plain(printed)
      .map((line) => `${line}\n`)
      .join(''),
  );
}

function patternOf(shown: string): RegExp {
  const lines = plain(shown).map((line) =>
    line === ANYTHING ? '(?:.*\\n)*?' : `${line.split(ANYTHING).map(RegExp.escape).join('.*')}\\n`,
  );
  return new RegExp(`^${lines.join('')}$`);
}

/** The lines that are not empty, without what is at their ends. */
function plain(text: string): string[] {
  return text
    .split('\n')
    .map((line) => line.replace(/\s+/g, ' ').trim())
    .filter((line) => line !== '');
}
