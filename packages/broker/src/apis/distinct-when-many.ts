// A few bytes can name a thing once more, and its description may be large. Kafka describes it as often as it is named, and so do we in a short list;
// in a long one, which no client sends with repetitions, each thing is described once.

const MANY = 16;

/** Of several items with one key the last, where the first stood. */
export function distinctWhenMany<T>(
  items: readonly T[],
  keyOf: (item: T) => string | number = String,
): readonly T[] {
  if (items.length <= MANY) return items;
  return [...new Map(items.map((item) => [keyOf(item), item])).values()];
}
