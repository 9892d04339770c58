// The certificates of packages/testing/certificates, for tests. Their keys are public.

import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const FOLDER = new URL('../certificates/', import.meta.url);

/** The path of a file there: 'server.p12'. */
export function certificateFile(name: string): string {
  return fileURLToPath(new URL(name, FOLDER));
}

/** The certificate 'ca', as PEM. */
export function certificate(name: string): string {
  return readFileSync(certificateFile(`${name}.pem`), 'utf8');
}

/** A certificate with its key, as PEM. */
export function keyPair(name: string): { key: string; certificates: string } {
  return { key: readFileSync(certificateFile(`${name}.key`), 'utf8'), certificates: certificate(name) };
}
