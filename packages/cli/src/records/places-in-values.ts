// How encoders name what is wrong within a value.

export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The path to it, as in 'items.0.price'. */
export function put(path: readonly string[]): string {
  return path.length === 0 ? 'the value' : path.join('.');
}
