// The clients that Kafka's tools use, made of --bootstrap-server and a file of Java's properties.

import type { Admin, Kafka, KafkaOptions, Properties } from '@moldau/client';
import type { Disk, Logger, Network } from '@moldau/io';
import { LAST_WORK_MS } from '../command-line/last-work.ts';
import { parseProperties } from '../connection/properties-file.ts';
import { withFilesRead } from '../connection/store-files.ts';
import { JavaError } from './java-errors.ts';
import type { ToolConnection } from './kafka-tool.ts';

/** As long as Java's tools wait for an answer. */
const TIMEOUT_MS = 60_000;

export class ToolConnections {
  readonly #disk: Pick<Disk, 'readFile'>;
  readonly #network: Pick<Network, 'lookup'>;
  readonly #logger: Logger;
  readonly #open: { close(limit?: { readonly timeoutMs?: number }): Promise<void> }[] = [];

  constructor(disk: Pick<Disk, 'readFile'>, network: Pick<Network, 'lookup'>, logger: Logger) {
    this.#logger = logger;
    this.#disk = disk;
    this.#network = network;
  }

  async admin(connection: ToolConnection): Promise<Admin> {
    const { openAdmin, isClientProperty } = await import('@moldau/client/admin');
    const properties = onlyThose(isClientProperty, await this.#properties(connection));
    const problem = await addressProblem(this.#network, connection.brokers);
    if (problem !== undefined) throw unmade('Failed to create new KafkaAdminClient', problem);
    const admin = openAdmin(this.#settings(connection, properties));
    this.#open.push(admin);
    return admin;
  }

  async kafka(
    connection: ToolConnection,
  ): Promise<{ kafka: Kafka; producer: Properties; consumer: Properties }> {
    const { Kafka, propertiesByClient } = await import('@moldau/client');
    const { isClientProperty } = await import('@moldau/client/admin');
    const { shared, producer, consumer } = propertiesByClient(await this.#properties(connection));
    const kafka = new Kafka(this.#settings(connection, onlyThose(isClientProperty, shared)));
    this.#open.push(kafka);
    return { kafka, producer, consumer };
  }

  async close(): Promise<void> {
    await Promise.all(this.#open.splice(0).map((client) => client.close()));
  }

  /** For a tool that is interrupted: what its clients still have to do holds it up no longer. */
  async closeSoon(): Promise<void> {
    await Promise.allSettled(this.#open.splice(0).map((client) => client.close({ timeoutMs: LAST_WORK_MS })));
  }

  #settings({ brokers }: ToolConnection, properties: Properties): KafkaOptions {
    return { brokers, apiTimeoutMs: TIMEOUT_MS, properties, logger: this.#logger };
  }

  async #properties({ configFile, properties = {} }: ToolConnection): Promise<Record<string, string>> {
    const read = configFile === undefined ? {} : await readProperties(this.#disk, configFile);
    const given = Object.entries(properties).flatMap(([name, value]) =>
      value === undefined ? [] : [[name, String(value)] as const],
    );
    return await withFilesRead({ ...read, ...Object.fromEntries(given) }, this.#disk);
  }
}

/** A file of Java's properties. @throws JavaError when it is not there */
export async function readProperties(
  disk: Pick<Disk, 'readFile'>,
  path: string,
): Promise<Record<string, string>> {
  try {
    return parseProperties((await disk.readFile(path)).toString('utf8'), path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    throw new JavaError('java.nio.file.NoSuchFileException', path);
  }
}

/** Java's clients are not even made without a port, or when no name has an address; when nothing listens there they wait. */
export async function addressProblem(
  network: Pick<Network, 'lookup'>,
  brokers: string,
): Promise<string | undefined> {
  const addresses = brokers
    .split(',')
    .map((text) => text.trim())
    .filter((text) => text !== '');
  const hosts: string[] = [];
  for (const address of addresses) {
    const [, bracketed, name] = /^(?:\w+:\/\/)?(?:\[([^\]]+)\]|([^\s:/[\]]+)):\d+$/.exec(address) ?? [];
    const host = bracketed ?? name;
    if (host === undefined) return `Invalid url in bootstrap.servers: ${address}`;
    hosts.push(host);
  }
  for (const host of hosts) {
    const found = await network.lookup(host).catch(() => []);
    if (found.length > 0) return undefined;
  }
  return 'No resolvable bootstrap urls given in bootstrap.servers';
}

function unmade(message: string, problem: string): JavaError {
  const cause = new JavaError('org.apache.kafka.common.config.ConfigException', problem);
  return new JavaError('org.apache.kafka.common.KafkaException', message, cause);
}

/** Java's clients warn of properties that they do not know, and go on. */
function onlyThose(isKnown: (name: string) => boolean, properties: Properties): Properties {
  return Object.fromEntries(Object.entries(properties).filter(([name]) => isKnown(name)));
}
