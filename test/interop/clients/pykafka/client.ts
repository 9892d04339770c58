// pykafka 2.8 (2018), its plain-Python backend. It keeps what it learns of versions for a whole process, so each broker version that
// it can be told gets a program of its own: "0.8.2" and "0.9.0" are fixed lists of versions, "0.10.2" asks the broker.
// No lz4: with today's lz4 library it writes linked blocks, which Kafka refuses as well.

import { join } from 'node:path';
import type { Client, Program } from '../../harness/client.ts';
import { pythonPackages, venvDirectory } from '../../harness/install.ts';

const name = 'pykafka';
const plain = [
  'codec-none',
  'codec-gzip',
  'codec-snappy',
  'sync-producer',
  'large',
  'simple-consumer',
  'offsets-by-time',
];
const byVersion = {
  '0.8.2': plain,
  '0.9.0': [...plain, 'group', 'admin'],
  '0.10.2': [...plain, 'timestamps', 'group', 'admin'],
};

export const client: Client = {
  name,
  install: (folders) => pythonPackages(folders, name),
  programs: (folders) =>
    Object.entries(byVersion).map(
      ([version, cases]): Program => ({
        command: [
          join(venvDirectory(folders, name), 'bin/python'),
          join(folders.root, 'clients', name, 'cases.py'),
        ],
        environment: { PYTHONPATH: join(folders.root, 'clients/python'), PYTHONUNBUFFERED: '1' },
        cases: [],
        oldProtocolCases: cases.map((title) => `${title}@${version}`),
      }),
    ),
};
