// Times by a layout as Go has it, which is how its reference time would be written: 2006-01-02T15:04:05Z07:00. In UTC.

import { strftime } from './strftime.ts';

/** What strftime writes in place of it. */
const ELEMENTS: Readonly<Record<string, string>> = {
  ...{ '2006': '%Y', '06': '%y', January: '%B', Jan: '%b', '01': '%m', Monday: '%A', Mon: '%a' },
  ...{
    '002': '%j',
    '02': '%d',
    _2: '%e',
    '15': '%H',
    '03': '%I',
    '04': '%M',
    '05': '%S',
    PM: '%p',
    MST: '%Z',
  },
  ...{ 'Z07:00': 'Z', Z0700: 'Z', '-07:00': '+00:00', '-0700': '+0000', '-07': '+00' },
};

/** Without a zero in front. */
const SHORT: Readonly<Record<string, string>> = { '1': '%m', '2': '%d', '3': '%I', '4': '%M', '5': '%S' };
const PATTERN = new RegExp(`[.,](?:0+|9+)|${Object.keys(ELEMENTS).join('|')}|pm|[1-5]`, 'g');

export function goTime(layout: string, date: Date): string {
  return layout.replace(PATTERN, (element) => {
    const known = ELEMENTS[element];
    if (known !== undefined) return strftime(known, date);
    if (element === 'pm') return strftime('%p', date).toLowerCase();
    const short = SHORT[element];
    if (short !== undefined) return strftime(short, date).replace(/^0/, '');
    const digits = strftime('%L', date)
      .padEnd(9, '0')
      .slice(0, element.length - 1);
    if (element[1] === '0') return element[0] + digits;
    const kept = digits.replace(/0+$/, '');
    return kept === '' ? '' : element[0] + kept;
  });
}
