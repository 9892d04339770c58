// The name of a certificate's owner, written as Java's X500Principal.getName() writes it: RFC 2253. Kafka makes principals of it, so every letter counts.

import { children, type DerNode, DerTag, objectIdentifier, readDer } from './der.ts';

const KEYWORDS: ReadonlyMap<string, string> = new Map([
  ['2.5.4.3', 'CN'],
  ['2.5.4.6', 'C'],
  ['2.5.4.7', 'L'],
  ['2.5.4.8', 'ST'],
  ['2.5.4.9', 'STREET'],
  ['2.5.4.10', 'O'],
  ['2.5.4.11', 'OU'],
  ['0.9.2342.19200300.100.1.25', 'DC'],
  ['0.9.2342.19200300.100.1.1', 'UID'],
]);

/** UTF8String, PrintableString, T61String, IA5String, GeneralString, BMPString: what Java writes as text; each as if it were UTF-8. */
const TEXT_TAGS = new Set([0x0c, 0x13, 0x14, 0x16, 0x1b, 0x1e]);

/** Of a certificate as DER: 'CN=alice,OU=Clients,O=Example', the last part first. */
export function subjectName(certificate: Buffer): string {
  const [toBeSigned] = children(readDer(certificate));
  const fields = children(toBeSigned);
  // The version is there in all but the oldest certificates.
  const subject = fields[fields[0]?.tag === DerTag.CONTEXT_0 ? 5 : 4];
  return nameOf(subject);
}

/** Of a Name as DER. */
export function nameOf(name: DerNode | undefined): string {
  return children(name)
    .reverse()
    .map((part) => children(part).map(attribute).join('+'))
    .join(',');
}

function attribute(node: DerNode): string {
  const [type, value] = children(node);
  const identifier = objectIdentifier(type);
  const keyword = KEYWORDS.get(identifier);
  if (value === undefined || keyword === undefined || !TEXT_TAGS.has(value.tag)) {
    return `${keyword ?? identifier}=#${value?.encoded.toString('hex') ?? ''}`;
  }
  return `${keyword}=${escaped(value.content.toString())}`;
}

function escaped(text: string): string {
  return text
    .replace(/[,=+<>#;"\\]/g, '\\$&')
    .replaceAll('\0', '\\00')
    .replace(/^[ \r]+|[ \r]+$/g, (blanks) => blanks.replace(/[ \r]/g, '\\$&'));
}
