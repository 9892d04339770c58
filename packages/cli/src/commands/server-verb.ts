// `moldau server`, as the command line has it.

import type { VerbSpec } from '../command-line/command.ts';
import type { ServerFlags } from './server.ts';

export const server: VerbSpec = {
  name: 'server',
  summary: 'run a broker',
  options: [
    { flags: '--config <file>', summary: "read Kafka's server.properties", completes: 'file' },
    {
      flags: '--listen <host:port>',
      summary: 'where clients connect (default: 127.0.0.1:9092; :9092 is every address)',
    },
    {
      flags: '--data <folder>',
      summary: 'where the data lives (default: ./moldau-data)',
      completes: 'folder',
    },
    { flags: '--set <key=value>', summary: 'set one configuration key, as often as you like', isMany: true },
    {
      flags: '--log-level <level>',
      summary:
        'debug, info, warn, error or silent, and of single loggers, as in warn,audit=info (default: $LOG_LEVEL, else warn)',
    },
    { flags: '--log-format <format>', summary: 'json or pretty (default: $LOG_FORMAT, else json)' },
  ],
  details: `Every key of Kafka's brokers is understood: on the command line, in the environment (KAFKA_LOG_DIRS is
log.dirs, KAFKA_CREATE_TOPICS=orders:3:1 creates a topic) and in the file, in this order.`,
  examples: [
    'server',
    'server --listen 0.0.0.0:9092 --data /var/lib/moldau',
    'server --config server.properties --set num.partitions=6',
  ],
  needs: 'itself',
  load: async () => {
    const { runServer } = await import('./server.ts');
    return { run: (options) => runServer(options as ServerFlags) };
  },
};
