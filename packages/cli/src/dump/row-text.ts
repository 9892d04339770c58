// A row as people read it: one line.

import type { BatchRow, DumpRow } from './dump-row.ts';

/** Records stand under their batches. */
const INDENT = '  ';

export function rowText(row: DumpRow): string {
  switch (row.kind) {
    case 'batch':
      return batchText(row);
    case 'record': {
      const headers = row.headers.map(({ name, value }) => ` ${name}=${valueText(value)}`).join('');
      return `${INDENT}${row.offset} ${timeText(row.timestampMs)} ${valueText(row.key)} = ${valueText(row.value)}${headers && ` [${headers.trim()}]`}`;
    }
    case 'control':
      return `${INDENT}${row.offset} ${timeText(row.timestampMs)} ${row.type} ${valueText(row.value)}`;
    case 'problem':
      return `PROBLEM${row.position === null ? '' : ` at ${row.position}`}: ${row.problem}`;
    case 'time-index':
      return `${timeText(row.timestampMs)} offset ${row.offset}`;
    default: {
      const { kind, ...fields } = row;
      return `${kind} ${fieldsText(fields)}`;
    }
  }
}

function batchText(row: BatchRow): string {
  const marks = [
    ...(row.compression === 'none' ? [] : [row.compression]),
    ...(row.isTransactional ? ['transactional'] : []),
    ...(row.isControl ? ['control'] : []),
    ...(row.timestampType === 'append' ? ['append time'] : []),
    ...(row.deleteHorizonMs === null ? [] : [`delete horizon ${timeText(row.deleteHorizonMs)}`]),
    ...(row.magic === 2 ? [] : [`magic ${row.magic}`]),
  ];
  const producer =
    row.producerId === null
      ? ''
      : `, producer ${row.producerId} epoch ${row.producerEpoch}${row.baseSequence === null ? '' : ` sequence ${row.baseSequence}`}`;
  const epoch = row.leaderEpoch < 0 ? '' : `, leader epoch ${row.leaderEpoch}`;
  return `batch ${row.baseOffset} to ${row.lastOffset} at ${row.position}: ${row.recordCount} records in ${row.sizeBytes} bytes, up to ${timeText(row.maxTimestampMs)}${epoch}${producer}${marks.map((mark) => `, ${mark}`).join('')}`;
}

function fieldsText(fields: object): string {
  return Object.entries(fields)
    .map(([name, value]) => `${name}=${valueText(value)}`)
    .join(' ');
}

function timeText(ms: number): string {
  return ms < 0 ? '-' : new Date(ms).toISOString();
}

/** Texts without quotes, but for those that would not stay in one line. */
function valueText(value: unknown): string {
  if (value === null || value === undefined) return '-';
  if (typeof value === 'string') return /\p{Cc}/u.test(value) || value === '' ? JSON.stringify(value) : value;
  return (
    JSON.stringify(value, (_key, each: unknown) => (typeof each === 'bigint' ? String(each) : each)) ?? '-'
  );
}
