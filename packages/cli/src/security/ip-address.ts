// IP addresses as text and as the bytes that certificates hold.

const IPV6_WORDS = 8;

/** 4 or 16 bytes; undefined when the text is no address. */
export function ipBytes(text: string): Buffer | undefined {
  if (/^\d{1,3}(\.\d{1,3}){3}$/.test(text)) {
    const bytes = text.split('.').map(Number);
    return bytes.every((byte) => byte <= 255) ? Buffer.from(bytes) : undefined;
  }
  const url = text.includes(':') ? URL.parse(`http://[${text}]/`) : null;
  if (url === null) return undefined;
  // The URL has it in its shortest form: words without leading zeros, '::' for the longest run of zeros.
  const [left = '', right] = url.hostname.slice(1, -1).split('::');
  const wordsOf = (part: string) => part.split(':').filter((word) => word !== '');
  const head = wordsOf(left);
  const tail = wordsOf(right ?? '');
  const zeros = Array.from({ length: IPV6_WORDS - head.length - tail.length }, () => '0');
  return Buffer.from([...head, ...zeros, ...tail].map((word) => word.padStart(4, '0')).join(''), 'hex');
}
