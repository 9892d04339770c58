// The verbs of `moldau security`.

import type { VerbSpec } from '../command-line/command.ts';
import type { SecurityCheckFlags } from './security-check.ts';
import type { SecurityInitFlags } from './security-init.ts';

export const verbs: readonly VerbSpec[] = [
  {
    name: 'init',
    summary: 'make certificates, a first user, and the settings of the broker and its clients',
    options: [
      {
        flags: '--dir <folder>',
        summary: 'where to write them (default: ./moldau-security)',
        completes: 'folder',
      },
      {
        flags: '--host <name>',
        summary: 'a name or address by which clients reach the broker, as often as you like',
        isMany: true,
      },
      { flags: '--port <port>', summary: 'where the broker listens (default: 9092)' },
      { flags: '--user <name>', summary: 'who may do everything (default: admin)' },
      { flags: '--force', summary: 'replace what is there' },
    ],
    details: 'Without --host the broker is for clients on this machine alone.',
    examples: [
      'security init --host kafka.example.org && moldau server --config moldau-security/server.properties',
    ],
    needs: 'itself',
    load: async () => {
      const { runSecurityInit } = await import('./security-init.ts');
      return { run: (options) => runSecurityInit(options as SecurityInitFlags) };
    },
  },
  {
    name: 'check',
    summary: 'say what an outsider could do to a broker, and what mends it',
    options: [
      { flags: '--config <file>', summary: "the broker's server.properties", completes: 'file' },
      { flags: '--listen <host:port>', summary: 'where clients connect, as for `moldau server`' },
      {
        flags: '--data <folder>',
        summary: 'where the data lives, as for `moldau server`',
        completes: 'folder',
      },
      {
        flags: '--set <key=value>',
        summary: 'set one configuration key, as often as you like',
        isMany: true,
      },
      {
        flags: '-o, --output <format>',
        summary: 'text or json (default: text)',
        completes: ['text', 'json'],
      },
    ],
    details:
      'It reads what `moldau server` would read with the same options. Where the broker runs, it is asked as a stranger would.\nThe exit code is 1 when there is something to mend.',
    examples: ['security check --config server.properties'],
    needs: 'itself',
    load: async () => {
      const { runSecurityCheck } = await import('./security-check.ts');
      return { run: (options) => runSecurityCheck(options as SecurityCheckFlags) };
    },
  },
];
