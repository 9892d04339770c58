// What is on the screen: from figures, and from what was pressed, to lines. Pure.

import type { Column } from '../output/output.ts';
import { formatTable } from '../output/table.ts';
import { sizeText } from '../output/units.ts';
import type { Figures } from './figures.ts';
import { PANES, type Pane } from './panes.ts';

export interface ViewState {
  readonly pane: Pane;
  /** Rows that are above the screen. */
  readonly scroll: number;
}

export interface Size {
  readonly columns: number;
  readonly rows: number;
}

/** Above and below the rows of the table. */
const TITLE_LINES = 3;
const HELP_LINES = 1;
const LEAST_NAME_LENGTH = 12;

/** As many lines as the screen has, none longer than it is wide. `trouble` is why the figures are old. */
export function screenLines(figures: Figures, state: ViewState, size: Size, trouble?: string): string[] {
  const [title = '', ...rows] = tableOf(figures, state.pane, size.columns);
  const room = roomOf(size);
  const scroll = Math.max(0, Math.min(state.scroll, rows.length - room));
  const below = rows.length - scroll - room;
  const lines = [
    trouble ?? summary(figures),
    PANES.map((pane) => (pane === state.pane ? `[${pane}]` : ` ${pane} `)).join(' '),
    title,
    ...rows.slice(scroll, scroll + room),
  ];
  while (lines.length < size.rows - HELP_LINES) lines.push('');
  const more = below > 0 ? `  ${below} more below` : '';
  return [
    ...lines.slice(0, size.rows - HELP_LINES),
    `t topics  g groups  c clients  b brokers  arrows  q quit${more}`,
  ].map((line) => [...line].slice(0, size.columns).join(''));
}

function roomOf({ rows }: Size): number {
  return Math.max(1, rows - TITLE_LINES - HELP_LINES);
}

export function summary({ topics, groups, brokers, recordsPerSecond, lag }: Figures): string {
  const slowest = brokers.reduce((most, { latencyMs }) => Math.max(most, latencyMs ?? 0), 0);
  return `brokers ${brokers.length}, topics ${topics.length}, groups ${groups.length}: ${recordsPerSecond} records/s in, ${lag} behind, answers in ${slowest} ms`;
}

function tableOf(figures: Figures, pane: Pane, width: number): string[] {
  switch (pane) {
    case 'topics':
      return fitted(width, figures.topics, [
        { title: 'topic', show: ({ topic }) => topic },
        { title: 'records/s', show: ({ recordsPerSecond }) => recordsPerSecond, isNumber: true },
        { title: 'bytes/s', show: ({ bytesPerSecond }) => sized(bytesPerSecond), isNumber: true },
        { title: 'size', show: ({ sizeBytes }) => sized(sizeBytes), isNumber: true },
        { title: 'partitions', show: ({ partitions }) => partitions, isNumber: true },
      ]);
    case 'groups':
      return fitted(width, figures.groups, [
        { title: 'group', show: ({ group }) => group },
        { title: 'lag', show: ({ lag }) => lag, isNumber: true },
        { title: 'lag/s', show: ({ lagPerSecond }) => signed(lagPerSecond), isNumber: true },
        { title: 'committed/s', show: ({ committedPerSecond }) => committedPerSecond, isNumber: true },
        { title: 'members', show: ({ members }) => members, isNumber: true },
        { title: 'state', show: ({ state }) => state },
      ]);
    case 'clients':
      return fitted(width, figures.clients, [
        { title: 'client', show: ({ clientId }) => clientId },
        { title: 'host', show: ({ host }) => host },
        { title: 'group', show: ({ group }) => group },
        { title: 'partitions', show: ({ partitions }) => partitions, isNumber: true },
      ]);
    case 'brokers':
      return fitted(width, figures.brokers, [
        { title: 'broker', show: ({ broker }) => broker, isNumber: true },
        { title: 'address', show: ({ address }) => address },
        { title: 'controller', show: ({ controller }) => (controller ? 'yes' : '') },
        { title: 'leads', show: ({ leaders }) => leaders, isNumber: true },
        { title: 'answers in ms', show: ({ latencyMs }) => latencyMs, isNumber: true },
      ]);
  }
}

/** Names that are too long for the width give way, the longest first: figures are what one looks for. */
function fitted<Row>(width: number, rows: readonly Row[], columns: readonly Column<Row>[]): string[] {
  const lines = formatTable(columns, rows).trimEnd().split('\n');
  const excess = lines.reduce((most, { length }) => Math.max(most, length), 0) - width;
  if (excess <= 0) return lines;
  const lengths = columns.map(({ isNumber, show }) =>
    isNumber === true ? 0 : rows.reduce((most, row) => Math.max(most, String(show(row)).length), 0),
  );
  const longest = Math.max(...lengths);
  // The second longest gives way with it, once they are equally long.
  const others = Math.max(LEAST_NAME_LENGTH, ...lengths.filter((length) => length < longest));
  const room = Math.max(others, longest - excess);
  if (room >= longest) return lines;
  const shorter = columns.map((column, index) =>
    lengths[index] === longest
      ? { ...column, show: (row: Row) => shortened(String(column.show(row)), room) }
      : column,
  );
  return fitted(width, rows, shorter);
}

/** Names differ where they begin or where they end. */
function shortened(name: string, length: number): string {
  if (name.length <= length) return name;
  const end = Math.floor((length - 1) / 2);
  return `${name.slice(0, length - 1 - end)}…${name.slice(-end)}`;
}

function sized(bytes: number | null): string | null {
  return bytes === null ? null : sizeText(bytes);
}

function signed(value: number): string {
  return value > 0 ? `+${value}` : String(value);
}

const KEYS: Readonly<Record<string, Pane>> = { t: 'topics', g: 'groups', c: 'clients', b: 'brokers' };
const CTRL_C = '\x03';
const ESCAPE = '\x1b';

/** What a terminal sent at once: keys that are held down, or come over a slow line, come together. */
export function keysIn(text: string): string[] {
  // \p{Cc} is the escape that such keys begin with: the one control character before a bracket.
  return text.split(/(\p{Cc}\[[\d;]*[~A-Za-z])|/u).filter((key) => key !== undefined && key !== '');
}

/** What a key that was pressed makes of the state; 'quit': it ends. `rowCount` is of the pane in view. */
export function pressed(key: string, state: ViewState, rowCount: number, size: Size): ViewState | 'quit' {
  if (key === 'q' || key === CTRL_C || key === ESCAPE) return 'quit';
  const pane = KEYS[key];
  if (pane !== undefined) return { pane, scroll: 0 };
  const last = Math.max(0, rowCount - roomOf(size));
  const to = (scroll: number): ViewState => ({ ...state, scroll: Math.max(0, Math.min(last, scroll)) });
  const next = (step: number): ViewState => {
    const index = (PANES.indexOf(state.pane) + step + PANES.length) % PANES.length;
    return { pane: PANES[index]!, scroll: 0 };
  };
  switch (key) {
    case `${ESCAPE}[A`:
      return to(state.scroll - 1);
    case `${ESCAPE}[B`:
      return to(state.scroll + 1);
    case `${ESCAPE}[5~`:
      return to(state.scroll - roomOf(size));
    case `${ESCAPE}[6~`:
      return to(state.scroll + roomOf(size));
    case `${ESCAPE}[C`:
    case '\t':
      return next(1);
    case `${ESCAPE}[D`:
      return next(-1);
    default:
      return state;
  }
}
