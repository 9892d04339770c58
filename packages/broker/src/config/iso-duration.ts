// Durations as ISO 8601 writes them, of days and less, as in share.auto.offset.reset=by_duration:P1DT12H.

/** Milliseconds of an ISO 8601 duration of days and less, as in P1DT2H3M4.5S; undefined when it is none. */
export function isoDurationMs(text: string): number | undefined {
  const found = /^P(?:(\d+)D)?(?:T(?=\d)(?:(\d+)H)?(?:(\d+)M)?(?:(\d+(?:\.\d{1,9})?)S)?)?$/i.exec(text);
  if (found === null || /^PT?$/i.test(text)) return undefined;
  const [days, hours, minutes, seconds] = found.slice(1).map((part) => Number(part ?? 0)) as [
    number,
    number,
    number,
    number,
  ];
  return (((days * 24 + hours) * 60 + minutes) * 60 + seconds) * 1000;
}
