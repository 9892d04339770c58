// How Java writes numbers, and the order in which its hash maps hold texts: what Kafka's tools print follows from both.

export { javaDouble } from '@moldau/protocol/json';

/** In the order of a HashMap that was made with this capacity, and into which they were put one after another. `hashOf` is the hash code of the key, or the key if it is a text. */
export function hashOrder<Item>(
  items: readonly Item[],
  hashOf: (item: Item) => string | number,
  capacity = 16,
): Item[] {
  let size = 1;
  while (size < capacity) size *= 2;
  while (items.length > size * LOAD_FACTOR) size *= 2;
  // Those of one bucket stay in the order in which they came.
  return items
    .map((item) => {
      const hash = hashOf(item);
      return { item, bucket: spread(typeof hash === 'string' ? hashCode(hash) : hash) & (size - 1) };
    })
    .sort((left, right) => left.bucket - right.bucket)
    .map(({ item }) => item);
}

const LOAD_FACTOR = 0.75;

/** String.hashCode */
export function hashCode(text: string): number {
  let hash = 0;
  for (let index = 0; index < text.length; index++) hash = (Math.imul(hash, 31) + text.charCodeAt(index)) | 0;
  return hash;
}

/** TopicPartition.hashCode */
export function partitionHash({ topic, partition }: { topic: string; partition: number }): number {
  return (Math.imul(31, 31 + partition) + hashCode(topic)) | 0;
}

function spread(hash: number): number {
  return hash ^ (hash >>> 16);
}

/** As printf pads with %-15s; the last one is left as it is. */
export function columns(widths: readonly number[], values: readonly (string | number)[]): string {
  return values
    .map((value, index) => (index < widths.length ? String(value).padEnd(widths[index]!) : String(value)))
    .join(' ');
}

/** Wide enough for these, and for so many characters. */
export function widthOf(least: number, values: readonly string[]): number {
  return values.reduce((width, value) => Math.max(width, value.length), least);
}

/** String.split: empty parts at the end are none. */
export function split(text: string, separator: string): string[] {
  const parts = text.split(separator);
  if (parts.length === 1) return parts;
  while (parts.at(-1) === '') parts.pop();
  return parts;
}
