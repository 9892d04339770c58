// PEM texts, also as they come out of property files: on one line, with blanks for line ends, with remarks between the blocks.

export interface PemBlock {
  /** 'CERTIFICATE', 'PRIVATE KEY', 'ENCRYPTED PRIVATE KEY', 'EC PRIVATE KEY'... */
  readonly label: string;
  /** As OpenSSL takes it. */
  readonly text: string;
}

const BLOCK = /-----BEGIN ([A-Z0-9 ]+)-----([^-]*)-----END \1-----/g;

export function pemBlocks(text: string): PemBlock[] {
  return [...text.matchAll(BLOCK)].map(([whole, label = '', body = '']) => ({
    label,
    // Keys that say how they are encrypted in lines of their own are left as they are.
    text: body.includes(':') ? whole : pemText(label, body.replace(/\s+/g, '')),
  }));
}

export function pemText(label: string, base64: string): string {
  return `-----BEGIN ${label}-----\n${base64.replace(/.{1,64}/g, '$&\n')}-----END ${label}-----\n`;
}
