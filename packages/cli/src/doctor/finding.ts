// What the doctor finds: what is so, why it matters, and the command that mends it.

/** error: something does not work, or records are about to be lost. warning: it will break, or works worse than it could. note: worth knowing. */
export type Severity = 'error' | 'warning' | 'note';

export interface Finding {
  readonly severity: Severity;
  /** Names the kind, for programs: 'partition-without-leader'. */
  readonly check: string;
  /** What it is about: a topic, a group, a broker. */
  readonly subject: string;
  readonly what: string;
  readonly why: string;
  /** Commands in backticks, or what to do where no command can. */
  readonly mend: string;
}

export const SEVERITIES: readonly Severity[] = ['error', 'warning', 'note'];

/** Notes are no reason to act. */
export function isToMend({ severity }: Finding): boolean {
  return severity !== 'note';
}

/** The worst first; the others as they came. */
export function bySeverity(findings: readonly Finding[]): Finding[] {
  return SEVERITIES.flatMap((severity) => findings.filter((finding) => finding.severity === severity));
}

export const MOST_NAMED = 5;

/** 'a, b, c and 4 more' */
export function named(names: readonly (string | number)[]): string {
  const more = names.length - MOST_NAMED;
  const shown = names.slice(0, MOST_NAMED).join(', ');
  return more > 0 ? `${shown} and ${more} more` : shown;
}

/** A span of time as people read it: '36 h'. */
export function spanText(ms: number): string {
  const units = [
    ['d', 86_400_000],
    ['h', 3_600_000],
    ['min', 60_000],
    ['s', 1000],
  ] as const;
  const [unit, size] = units.find(([, size]) => ms >= 2 * size) ?? ['ms', 1];
  return `${Math.round(ms / size)} ${unit}`;
}
