// What brokers are told of this package.

import { createRequire } from 'node:module';

const VERSION: string = (createRequire(import.meta.url)('../../package.json') as { version: string }).version;

export const SOFTWARE = { clientSoftwareName: 'moldau', clientSoftwareVersion: VERSION } as const;
