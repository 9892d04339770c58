// Finds where two normalised answers differ.

export interface Difference {
  /** As in '3 Fetch v12 out of range: responses.0.partitions.0.errorCode'. */
  readonly path: string;
  readonly expected: string;
  readonly actual: string;
}

const MAX_SHOWN_CHARACTERS = 160;

export function differences(expected: unknown, actual: unknown, path: string): Difference[] {
  // An empty list has no entries by which to know it for a list or a record.
  const areAlike = Array.isArray(expected) === Array.isArray(actual) || isEmpty(expected) || isEmpty(actual);
  if (isBranch(expected) && isBranch(actual) && areAlike) {
    const fields = new Set([...Object.keys(expected), ...Object.keys(actual)]);
    return [...fields].flatMap((field) =>
      differences(expected[field], actual[field], `${path}${path.endsWith(' ') ? '' : '.'}${field}`),
    );
  }
  return Object.is(expected, actual) ? [] : [{ path, expected: shown(expected), actual: shown(actual) }];
}

function isEmpty(value: unknown): boolean {
  return Array.isArray(value) && value.length === 0;
}

function isBranch(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}

function shown(value: unknown): string {
  const text = value === undefined ? 'nothing' : JSON.stringify(value);
  return text.length > MAX_SHOWN_CHARACTERS ? `${text.slice(0, MAX_SHOWN_CHARACTERS)}...` : text;
}
