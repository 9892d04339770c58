// Values to send: texts that compress about as well as those of applications, so that a codec has something to do.

const WORDS = [
  ...['order', 'paid', 'shipped', 'customer', 'amount', 'currency', 'EUR', 'status', 'created', 'item'],
  ...['warehouse', 'address', 'street', 'city', 'number', 'price', 'quantity', 'total', 'invoice', 'open'],
];
/** Different ones, so that not each record is the same as the last. */
const VARIANTS = 1000;

/** `random`: from 0 to 1. */
export function payloads(sizeBytes: number, random: () => number): readonly Buffer[] {
  const count = Math.max(1, Math.min(VARIANTS, Math.floor((32 * 2 ** 20) / Math.max(1, sizeBytes))));
  return Array.from({ length: count }, () => {
    let text = '';
    while (text.length < sizeBytes)
      text += `${WORDS[Math.floor(random() * WORDS.length)]} ${Math.floor(random() * 100_000)} `;
    return Buffer.from(text.slice(0, sizeBytes));
  });
}
