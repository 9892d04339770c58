// Points in time and durations, as Kafka's tools read them.

import { illegalArgument, JavaError, runtimeError } from './java-errors.ts';

/** '2024-12-31T23:59:59.000', in UTC unless a zone stands behind it. @throws JavaError */
export function timestampOf(text: string): number {
  const [date = '', time] = text.split('T');
  if (time === undefined) {
    throw runtimeError(
      new JavaError(
        'java.text.ParseException',
        "Error parsing timestamp. It does not contain a 'T' according to ISO8601 format",
      ),
    );
  }
  const zoned = /[+\-Z]/.test(time) ? text : `${text}Z`;
  const match = /^(\d{1,4})-(\d\d?)-(\d\d?)T(\d\d?):(\d\d?):(\d\d?)\.(\d{1,3})(Z|[+-]\d\d(?::?\d\d)?)$/.exec(
    zoned,
  );
  const parts = match?.slice(1, 8).map(Number) ?? [];
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0, ms = 0] = parts;
  const at = new Date(Date.UTC(year, month - 1, day, hour, minute, second, ms));
  const isReal =
    at.getUTCMonth() === month - 1 && at.getUTCDate() === day && hour < 24 && minute < 60 && second < 60;
  if (match === null || !isReal || date === '')
    throw runtimeError(new JavaError('java.text.ParseException', `Unparseable date: "${zoned}"`));
  return at.getTime() - zoneMs(match[8]!);
}

function zoneMs(zone: string): number {
  if (zone === 'Z') return 0;
  const minutes = Number(zone.slice(1, 3)) * 60 + Number(zone.slice(3).replace(':', '') || 0);
  return (zone.startsWith('-') ? -1 : 1) * minutes * 60_000;
}

const DURATION =
  /^([+-]?)P(?:([+-]?\d+)D)?(T(?:([+-]?\d+)H)?(?:([+-]?\d+)M)?(?:([+-]?\d+(?:[.,]\d{0,9})?)S)?)?$/i;

/** 'P1DT6H30M2.5S'. @throws JavaError */
export function durationMs(text: string): number {
  const match = DURATION.exec(text);
  const [, sign, days, time, hours, minutes, seconds] = match ?? [];
  const isEmpty = [days, hours, minutes, seconds].every((part) => part === undefined);
  if (match === null || isEmpty || time?.toUpperCase() === 'T')
    throw new JavaError('java.time.format.DateTimeParseException', 'Text cannot be parsed to a Duration');
  const total =
    Number(days ?? 0) * 86_400 +
    Number(hours ?? 0) * 3_600 +
    Number(minutes ?? 0) * 60 +
    Number((seconds ?? '0').replace(',', '.'));
  if (!Number.isFinite(total)) throw illegalArgument('Text cannot be parsed to a Duration');
  return (sign === '-' ? -1 : 1) * Math.round(total * 1_000);
}
