// How kafka-console-consumer writes records: Kafka's formatters by the names of their classes, and their properties.

import type { ConsumerRecord } from '@moldau/client';
import type { BlockWriter } from '../records/block-writer.ts';
import { type Coordinator, CoordinatorReader } from './coordinator-json.ts';
import { type Deserializer, deserializerOf } from './deserializers.ts';
import { JavaError } from './java-errors.ts';

/** @throws JavaError for a record that it cannot show */
export type WriteRecord = (record: ConsumerRecord, out: BlockWriter) => void;

export interface FormatterSettings {
  readonly properties: Readonly<Record<string, string>>;
  /** Told of what is wrong with the properties and no reason to stop. */
  readonly warn: (message: string) => void;
}

export const DEFAULT_FORMATTER = 'org.apache.kafka.tools.consumer.DefaultMessageFormatter';

const PACKAGE = 'org.apache.kafka.tools.consumer.';

/** Undefined: no class is called so here. */
export function formatterOf(className: string, settings: FormatterSettings): WriteRecord | undefined {
  switch (className.startsWith(PACKAGE) ? className.slice(PACKAGE.length) : '') {
    case 'DefaultMessageFormatter':
    // It also writes to the log of the tool, which nobody sees unless asked for.
    case 'LoggingMessageFormatter':
      return defaultFormatter(settings);
    case 'NoOpMessageFormatter':
      return () => {};
    case 'OffsetsMessageFormatter':
      return coordinatorFormatter('group', (type) => type <= OFFSET_COMMIT);
    case 'GroupMetadataMessageFormatter':
      return coordinatorFormatter('group', (type) => type === GROUP_METADATA);
    case 'TransactionLogMessageFormatter':
      return coordinatorFormatter('transaction', () => true);
    case 'ShareGroupMessageFormatter':
      return coordinatorFormatter('group', (type) => SHARE_GROUP.includes(type));
    case 'group.share.ShareGroupStateMessageFormatter':
      return coordinatorFormatter('share', () => true);
    default:
      return undefined;
  }
}

const OFFSET_COMMIT = 1;
const GROUP_METADATA = 2;
const SHARE_GROUP: readonly number[] = [3, 9, 10, 11, 12, 13, 14, 15];

/** One JSON object behind the other, without an end of the line between them. */
function coordinatorFormatter(coordinator: Coordinator, isWanted: (type: number) => boolean): WriteRecord {
  const reader = new CoordinatorReader(coordinator, { opensMembers: false });
  return ({ keyBytes, valueBytes, offset }, out) => {
    if (keyBytes === null) return;
    let record: ReturnType<CoordinatorReader['read']>;
    try {
      record = reader.read(keyBytes, valueBytes);
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      throw new JavaError(
        'java.lang.RuntimeException',
        `Could not read record at offset ${offset} due to: ${reason}`,
      );
    }
    if (record === undefined || !isWanted(record.type)) return;
    out.text(JSON.stringify({ key: { type: record.type, data: record.key }, value: record.value }));
  };
}

type Column = (record: ConsumerRecord, out: BlockWriter) => void;

function defaultFormatter({ properties, warn }: FormatterSettings): WriteRecord {
  const isOn = (name: string, usual = false): boolean =>
    properties[name] === undefined ? usual : properties[name].trim().toLowerCase() === 'true';
  const bytes = (name: string, usual: string): Buffer => Buffer.from(properties[name] ?? usual);
  const deserializer = (name: string): Deserializer | undefined => {
    const className = properties[name];
    const found = className === undefined ? undefined : deserializerOf(className);
    if (className !== undefined && found === undefined)
      warn(`Unable to instantiate a deserializer from ${className}`);
    return found;
  };
  const nullLiteral = bytes('null.literal', 'null');
  const writer = (read: Deserializer | undefined) => (given: Buffer | null, out: BlockWriter) => {
    const shown = given ?? nullLiteral;
    const made = read === undefined ? shown : read(shown);
    if (typeof made === 'string') out.text(made);
    else out.bytes(made);
  };
  const writeKey = writer(deserializer('key.deserializer'));
  const writeValue = writer(deserializer('value.deserializer'));
  const writeHeader = writer(deserializer('headers.deserializer'));
  const headersSeparator = bytes('headers.separator', ',');
  const columns: Column[] = [];
  const column = (name: string, write: Column, usual = false): void => {
    if (isOn(name, usual)) columns.push(write);
  };
  column('print.timestamp', writeTimestamp);
  column('print.partition', ({ partition }, out) => out.text(`Partition:${partition}`));
  column('print.offset', ({ offset }, out) => out.text(`Offset:${offset}`));
  column('print.delivery', writeDelivery);
  // The tool makes records of its own for the formatter, without what this would show.
  column('print.epoch', (_record, out) => out.text('Epoch:NOT_PRESENT'));
  column('print.headers', ({ headers }, out) => {
    if (headers.size === 0) out.text('NO_HEADERS');
    for (const [index, [name, value]] of headers.entries.entries()) {
      if (index > 0) out.bytes(headersSeparator);
      out.text(`${name}:`);
      writeHeader(value, out);
    }
  });
  column('print.key', ({ keyBytes }, out) => writeKey(keyBytes, out));
  column('print.value', ({ valueBytes }, out) => writeValue(valueBytes, out), true);
  return rowWriter(columns, bytes('key.separator', '\t'), bytes('line.separator', '\n'));
}

/** Records of share groups have been delivered so often. */
function writeDelivery(record: ConsumerRecord, out: BlockWriter): void {
  out.text(`Delivery:${'deliveryCount' in record ? record.deliveryCount : 'NOT_PRESENT'}`);
}

function writeTimestamp({ timestampType, timestampMs }: ConsumerRecord, out: BlockWriter): void {
  out.text(`${timestampType === 'append' ? 'LogAppendTime' : 'CreateTime'}:${timestampMs}`);
}

function rowWriter(columns: readonly Column[], separator: Buffer, end: Buffer): WriteRecord {
  const [only] = columns;
  if (only !== undefined && columns.length === 1) {
    return (record, out) => {
      only(record, out);
      out.bytes(end);
    };
  }
  return (record, out) => {
    for (let index = 0; index < columns.length; index++) {
      if (index > 0) out.bytes(separator);
      columns[index]!(record, out);
    }
    if (columns.length > 0) out.bytes(end);
  };
}
