// Install steps shared by clients. Each is done once per content of its inputs: a stamp beside the result holds their hash,
// so that a changed requirement or source file installs again and an unchanged one costs nothing.

import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Folders } from './client.ts';
import { mustRun, run } from './command.ts';

async function once(
  directory: string,
  inputs: readonly string[],
  install: () => Promise<void>,
): Promise<void> {
  mkdirSync(directory, { recursive: true });
  const hash = createHash('sha256').update(JSON.stringify(inputs)).digest('hex');
  const stamp = join(directory, '.installed');
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === hash) return;
  await install();
  writeFileSync(stamp, hash);
}

let aptUpdated: Promise<unknown> | undefined;
let aptQueue: Promise<unknown> = Promise.resolve();

/** Installs Debian's package unless the command is there already. One at a time: apt locks its database. */
export async function aptPackage(name: string, command: readonly string[]): Promise<void> {
  const present = async () => (await run(command, { timeoutMs: 30_000 })).code === 0;
  if (await present()) return;
  const environment = { DEBIAN_FRONTEND: 'noninteractive' };
  aptUpdated ??= mustRun(['apt-get', 'update'], { environment });
  await aptUpdated;
  const mine = aptQueue.then(() => mustRun(['apt-get', 'install', '-y', name], { environment }));
  aptQueue = mine.catch(() => {});
  await mine;
  if (!(await present())) throw new Error(`${name} is installed but ${command.join(' ')} still fails`);
}

/** The folder of what aptUnpacked() has brought. */
export function unpackedDirectory(folders: Folders, name: string): string {
  return join(folders.cache, `debian-${name}`);
}

/** Unpacks Debian's package without installing it: of one that is a service nothing is to be started on the machine. */
export async function aptUnpacked(folders: Folders, name: string): Promise<void> {
  const directory = unpackedDirectory(folders, name);
  await once(directory, [name, directory], async () => {
    aptUpdated ??= mustRun(['apt-get', 'update'], { environment: { DEBIAN_FRONTEND: 'noninteractive' } });
    await aptUpdated;
    await mustRun(['apt-get', 'download', name], { cwd: directory });
    const file = readdirSync(directory).find((each) => each.startsWith(`${name}_`) && each.endsWith('.deb'));
    if (file === undefined) throw new Error(`apt-get download ${name} brought no package`);
    await mustRun(['dpkg', '-x', join(directory, file), directory]);
  });
}

export function venvDirectory(folders: Folders, name: string): string {
  return join(folders.cache, `venv-${name}`);
}

/** A virtual environment of its own with exactly the packages of clients/<name>/requirements.txt. */
export async function pythonPackages(folders: Folders, name: string): Promise<void> {
  const requirements = join(folders.root, 'clients', name, 'requirements.txt');
  const directory = venvDirectory(folders, name);
  await once(directory, [readFileSync(requirements, 'utf8'), directory], async () => {
    await mustRun(['python3', '-m', 'venv', '--clear', directory]);
    await mustRun([join(directory, 'bin/pip'), 'install', '--quiet', '--requirement', requirements]);
  });
}

/** The packages of clients/<name>/package.json and its lock file, in clients/<name>/node_modules. */
export async function npmPackages(folders: Folders, name: string): Promise<void> {
  const directory = join(folders.root, 'clients', name);
  const inputs = ['package.json', 'package-lock.json'].map((file) =>
    readFileSync(join(directory, file), 'utf8'),
  );
  await once(join(directory, 'node_modules'), inputs, async () => {
    await mustRun(['npm', 'ci', '--no-audit', '--no-fund', '--ignore-scripts'], { cwd: directory });
  });
}

export function goProgram(folders: Folders, name: string): string {
  return join(folders.cache, `go-${name}`, name);
}

/** Builds the Go program clients/go/<name>. Go's own cache makes a second build a matter of a second. */
export async function goBuild(folders: Folders, name: string): Promise<void> {
  const directory = join(folders.root, 'clients', 'go');
  await mustRun(['go', 'build', '-o', goProgram(folders, name), `./${name}`], { cwd: directory });
}

export const KAFKA_VERSION = '4.3.0';

/** The folder of Kafka's jars. */
export function kafkaJars(folders: Folders): string {
  return join(folders.cache, `kafka-${KAFKA_VERSION}`, 'jars');
}

/** Kafka's released jars with all they need, as clients/java/pom.xml names them. */
export async function mavenJars(folders: Folders): Promise<void> {
  const source = join(folders.root, 'clients', 'java', 'pom.xml');
  const directory = join(folders.cache, `kafka-${KAFKA_VERSION}`);
  await once(directory, [readFileSync(source, 'utf8'), directory], async () => {
    await mustRun([
      ...['mvn', '-q', '-B', '-f', source, 'dependency:copy-dependencies'],
      `-DoutputDirectory=${join(directory, 'jars')}`,
    ]);
  });
}
