// How kafka-dump-log reads the keys and values of records.

import type { Record } from '@moldau/protocol';
import { type Coordinator, CoordinatorReader } from './coordinator-json.ts';
import { JavaError } from './java-errors.ts';

export interface Decoded {
  readonly key: string | undefined;
  readonly value: string | undefined;
}

export type Decode = (record: Pick<Record, 'offset' | 'key' | 'value'>) => Decoded;

export function coordinatorDecoder(coordinator: Coordinator): Decode {
  const reader = new CoordinatorReader(coordinator, { opensMembers: true });
  return ({ offset, key, value }) => {
    if (key === null) {
      throw new JavaError(
        'java.lang.RuntimeException',
        `Failed to decode message at offset ${offset} using the specified decoder (message had a missing key)`,
      );
    }
    try {
      const record = reader.read(key, value);
      if (record === undefined) {
        const type = key.readInt16BE();
        return { key: `Unknown record type ${type} at offset ${offset}, skipping.`, value: undefined };
      }
      return {
        key: JSON.stringify({ type: String(record.type), data: record.key }),
        value:
          record.value === null
            ? '<DELETE>'
            : JSON.stringify({ version: String(record.value.version), data: record.value.data }),
      };
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      return { key: `Error at offset ${offset}, skipping. ${reason}`, value: undefined };
    }
  };
}

const CLASSES: Readonly<globalThis.Record<string, (bytes: Buffer) => string>> = {
  StringDecoder: (bytes) => bytes.toString('utf8'),
  DefaultDecoder: (bytes) => bytes.toString('utf8'),
  IntegerDecoder: (bytes) => String(bytes.readInt32BE()),
  LongDecoder: (bytes) => String(bytes.readBigInt64BE()),
};

const PACKAGE = 'org.apache.kafka.tools.api.';

/** By the names of Kafka's classes. @throws JavaError for others */
export function classDecoder(keyClass: string, valueClass: string): Decode {
  const readerOf = (className: string): ((bytes: Buffer) => string) => {
    const name = className.startsWith(PACKAGE) ? className.slice(PACKAGE.length) : '';
    if (Object.hasOwn(CLASSES, name)) return CLASSES[name]!;
    const cause = new JavaError('java.lang.ClassNotFoundException', className);
    throw new JavaError('java.lang.RuntimeException', 'Failed to load decoder class', cause);
  };
  const [value, key] = [readerOf(valueClass), readerOf(keyClass)];
  return (record) => ({
    key: record.key === null ? undefined : key(record.key),
    value: record.value === null ? undefined : value(record.value),
  });
}
