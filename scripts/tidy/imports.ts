// Rule: the import table. Packages may import those to their left, and so may the rooms inside the broker.

import { posix } from 'node:path';
import { type Finding, isSupportFile, type SourceFile } from './source-file.ts';

/** What each package may import of the others. */
const PACKAGE_TABLE: Readonly<Record<string, readonly string[]>> = {
  io: [],
  protocol: [],
  log: ['io', 'protocol'],
  metadata: ['io', 'protocol'],
  broker: ['io', 'protocol', 'log', 'metadata'],
  client: ['io', 'protocol'],
  console: ['io', 'protocol', 'client'],
  cli: ['io', 'protocol', 'log', 'client', 'console', 'broker'],
  testing: ['io', 'protocol', 'log', 'metadata', 'broker', 'client'],
};

/** What each room of packages/broker/src may import of the others; broker.ts and mod.ts, which compose them, may import all. */
const BROKER_TABLE: Readonly<Record<string, readonly string[]>> = {
  config: [],
  network: ['config'],
  security: ['config', 'network'],
  quotas: ['config'],
  telemetry: ['config'],
  monitoring: ['config'],
  replication: ['config', 'network', 'security', 'monitoring'],
  coordinators: ['config', 'network', 'security', 'replication'],
  controller: ['config', 'network', 'security', 'quotas', 'replication'],
  apis: [
    ...['config', 'network', 'security', 'quotas', 'telemetry', 'monitoring'],
    ...['replication', 'coordinators', 'controller'],
  ],
};

/** The same for packages/client/src; topic.ts is shared by those who send and those who read. */
const CLIENT_TABLE: Readonly<Record<string, readonly string[]>> = {
  errors: [],
  options: ['errors'],
  serdes: ['errors'],
  'topic.ts': ['errors', 'serdes'],
  observability: ['errors', 'options', 'serdes', 'topic.ts'],
  network: ['errors', 'options', 'observability'],
  cluster: ['errors', 'options', 'observability', 'network'],
  producer: ['errors', 'options', 'serdes', 'topic.ts', 'observability', 'network', 'cluster'],
  consumer: ['errors', 'options', 'serdes', 'topic.ts', 'observability', 'network', 'cluster', 'producer'],
  share: ['errors', 'options', 'serdes', 'topic.ts', 'observability', 'network', 'cluster', 'consumer'],
  'exactly-once': [
    ...[
      'errors',
      'options',
      'serdes',
      'topic.ts',
      'observability',
      'network',
      'cluster',
      'producer',
      'consumer',
    ],
  ],
  admin: ['errors', 'options', 'observability', 'network', 'cluster'],
};

const ROOM_TABLES: Readonly<Record<string, Readonly<Record<string, readonly string[]>>>> = {
  broker: BROKER_TABLE,
  client: CLIENT_TABLE,
};

export function checkImports(file: SourceFile): Finding[] {
  const owner = /^packages\/([^/]+)\//.exec(file.path)?.[1];
  if (owner === undefined) return [];
  const findings: Finding[] = [];
  for (const { specifier, line } of file.imports) {
    const report = (advice: string) => findings.push({ path: file.path, line, rule: 'import table', advice });
    if (specifier.startsWith('.')) checkRelative(file, owner, specifier, report);
    else checkPackage(file, owner, specifier, report);
  }
  return findings;
}

type Report = (advice: string) => void;

function checkPackage(file: SourceFile, owner: string, specifier: string, report: Report): void {
  const imported = /^@moldau\/([^/]+)/.exec(specifier)?.[1];
  if (imported === undefined || imported === owner) return;
  if (imported === 'testing') {
    if (!isSupportFile(file.path)) report('only tests may import @moldau/testing');
    return;
  }
  const allowed = PACKAGE_TABLE[owner];
  if (allowed === undefined) {
    report(
      `the package ${owner} is not in the import table of scripts/tidy/imports.ts: add it and what it may import`,
    );
  } else if (!allowed.includes(imported) && !isSupportFile(file.path)) {
    report(`${owner} may not import ${imported}: it may import ${allowed.join(', ') || 'no other package'}`);
  }
}

function checkRelative(file: SourceFile, owner: string, specifier: string, report: Report): void {
  const target = posix.join(posix.dirname(file.path), specifier);
  if (!target.startsWith(`packages/${owner}/`)) {
    const other = /^packages\/([^/]+)\//.exec(target)?.[1];
    if (other !== undefined) report(`import @moldau/${other} by its name, not ${specifier}`);
    else if (!isSupportFile(file.path)) report(`a package may not reach out of packages: ${specifier}`);
    return;
  }
  if (owner !== 'testing' && isSupportFile(target) && !isSupportFile(file.path))
    report(`only tests may import ${specifier}`);
  const table = ROOM_TABLES[owner];
  if (table !== undefined && !isSupportFile(file.path)) checkRooms(file.path, target, owner, table, report);
}

function checkRooms(
  path: string,
  target: string,
  owner: string,
  table: Readonly<Record<string, readonly string[]>>,
  report: Report,
): void {
  const sources = `packages/${owner}/src/`;
  const room = roomOf(path, sources, table);
  if (room === undefined) return;
  const targetRoom = roomOf(target, sources, table);
  if (room === targetRoom) return;
  if (targetRoom === undefined) {
    report(`${posix.basename(target)} composes the rooms of the ${owner}, so ${room} may not import it`);
  } else if (table[room] === undefined) {
    report(
      `the room ${room} is not in the import table of scripts/tidy/imports.ts: add it and what it may import`,
    );
  } else if (!table[room].includes(targetRoom)) {
    report(
      `${room} may not import ${targetRoom}: it may import ${table[room].join(', ') || 'no other room'}`,
    );
  }
}

/** The folder inside the package, or the file beside the folders where the table names it; undefined for those that compose all rooms. */
function roomOf(path: string, sources: string, table: object): string | undefined {
  if (!path.startsWith(sources)) return undefined;
  const [first, ...rest] = path.slice(sources.length).split('/');
  return rest.length > 0 || Object.hasOwn(table, first!) ? first : undefined;
}
