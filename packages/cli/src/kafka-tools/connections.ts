// The clients that Kafka's tools use, made of --bootstrap-server and a file of Java's properties.

import type { Admin, Kafka, KafkaOptions, Properties } from '@moldau/client';
import type { Disk } from '@moldau/io';
import { parseProperties } from '../connection/properties-file.ts';
import { withFilesRead } from '../connection/settings.ts';
import { JavaError } from './java-errors.ts';
import type { ToolConnection } from './kafka-tool.ts';

/** As long as Java's tools wait for an answer. */
const TIMEOUT_MS = 60_000;

export class ToolConnections {
  readonly #disk: Pick<Disk, 'readFile'>;
  readonly #open: { close(): Promise<void> }[] = [];

  constructor(disk: Pick<Disk, 'readFile'>) {
    this.#disk = disk;
  }

  async admin(connection: ToolConnection): Promise<Admin> {
    const { openAdmin, isClientProperty } = await import('@moldau/client/admin');
    const properties = onlyThose(isClientProperty, await this.#properties(connection));
    const admin = openAdmin(settingsOf(connection, properties));
    this.#open.push(admin);
    return admin;
  }

  async kafka(
    connection: ToolConnection,
  ): Promise<{ kafka: Kafka; producer: Properties; consumer: Properties }> {
    const { Kafka, propertiesByClient } = await import('@moldau/client');
    const { isClientProperty } = await import('@moldau/client/admin');
    const { shared, producer, consumer } = propertiesByClient(await this.#properties(connection));
    const kafka = new Kafka(settingsOf(connection, onlyThose(isClientProperty, shared)));
    this.#open.push(kafka);
    return { kafka, producer, consumer };
  }

  async close(): Promise<void> {
    await Promise.all(this.#open.splice(0).map((client) => client.close()));
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

function settingsOf({ brokers }: ToolConnection, properties: Properties): KafkaOptions {
  return { brokers, apiTimeoutMs: TIMEOUT_MS, properties };
}

/** Java's clients warn of properties that they do not know, and go on. */
function onlyThose(isKnown: (name: string) => boolean, properties: Properties): Properties {
  return Object.fromEntries(Object.entries(properties).filter(([name]) => isKnown(name)));
}
