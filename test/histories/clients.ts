// The clients that make histories: how each is installed, and the command that runs one of its workers. Installs are shared with the interop tests.

import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { Folders } from '../interop/harness/client.ts';
import { mustRun } from '../interop/harness/command.ts';
import {
  goProgram,
  kafkaJars,
  mavenJars,
  pythonPackages,
  venvDirectory,
} from '../interop/harness/install.ts';

export type ClientName = 'librdkafka' | 'kafka-python' | 'java' | 'franz-go' | 'moldau';

const here = import.meta.dirname;
const interop = resolve(here, '../interop');
export const interopFolders: Folders = { root: interop, cache: join(interop, '.cache') };
const classes = join(interopFolders.cache, 'histories-java');
const log4j = join(interop, 'clients/java/log4j2.xml');

export async function installClients(clients: readonly ClientName[]): Promise<void> {
  await pythonPackages(interopFolders, 'confluent-kafka');
  if (clients.includes('kafka-python')) await pythonPackages(interopFolders, 'kafka-python');
  await mavenJars(interopFolders);
  if (clients.includes('java')) await compileJava();
  const program = goProgram(interopFolders, 'histories');
  if (clients.includes('franz-go'))
    await mustRun(['go', 'build', '-o', program, '.'], { cwd: join(here, 'clients/franz-go') });
}

async function compileJava(): Promise<void> {
  const source = join(here, 'clients/Worker.java');
  const hash = createHash('sha256').update(readFileSync(source)).digest('hex');
  const stamp = join(classes, '.compiled');
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === hash) return;
  mkdirSync(classes, { recursive: true });
  await mustRun(['javac', '-cp', `${kafkaJars(interopFolders)}/*`, '-d', classes, source]);
  writeFileSync(stamp, hash);
}

/** The command of a client's worker; role, number, bootstrap address and settings follow. */
export function workerCommand(client: ClientName): string[] {
  const python = (venv: string) => join(venvDirectory(interopFolders, venv), 'bin/python');
  switch (client) {
    case 'librdkafka':
      return [python('confluent-kafka'), join(here, 'clients/confluent.py')];
    case 'kafka-python':
      return [python('kafka-python'), join(here, 'clients/kafka_python.py')];
    case 'franz-go':
      return [goProgram(interopFolders, 'histories')];
    case 'moldau':
      return [process.execPath, '--conditions=source', join(here, 'clients/moldau/main.ts')];
    case 'java':
      return [
        ...[
          'java',
          '-Xmx128m',
          '-XX:+UseSerialGC',
          '-XX:TieredStopAtLevel=1',
          `-Dlog4j.configurationFile=${log4j}`,
        ],
        ...['-cp', `${classes}:${kafkaJars(interopFolders)}/*`, 'Worker'],
      ];
  }
}
