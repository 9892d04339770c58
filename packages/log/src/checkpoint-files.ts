// The small text files of a log dir and of a partition's folder, in Kafka's formats. Decoders answer undefined for bytes
// that are not such a file: all of them can be built again from the logs or from the cluster's metadata.

/** Offsets by folder name ('topic-3'): recovery points or log start offsets. Kafka's format: version, count, 'topic partition offset'. */
export function encodeOffsetCheckpoint(offsets: ReadonlyMap<string, number>): Buffer {
  const lines = ['0', String(offsets.size)];
  for (const [directoryName, offset] of offsets) {
    const dash = directoryName.lastIndexOf('-');
    lines.push(`${directoryName.slice(0, dash)} ${directoryName.slice(dash + 1)} ${offset}`);
  }
  return Buffer.from(`${lines.join('\n')}\n`);
}

export function decodeOffsetCheckpoint(bytes: Buffer): Map<string, number> | undefined {
  const lines = bytes.toString('utf8').split('\n');
  const count = Number(lines[1]);
  if (lines[0] !== '0' || lines[1] === '' || !Number.isInteger(count) || lines.length < count + 2)
    return undefined;
  const offsets = new Map<string, number>();
  for (let line = 2; line < count + 2; line++) {
    const [topic, partition, offset, more] = lines[line]!.split(' ');
    const value = Number(offset);
    if (offset === undefined || more !== undefined || !Number.isSafeInteger(value) || value < 0)
      return undefined;
    offsets.set(`${topic}-${partition}`, value);
  }
  return offsets;
}

export function encodePartitionMetadata(topicId: string): Buffer {
  return Buffer.from(`version: 0\ntopic_id: ${topicId}`);
}

/** The topic's id. */
export function decodePartitionMetadata(bytes: Buffer): string | undefined {
  return /^version: 0\r?\ntopic_id: ([A-Za-z0-9_-]{22})\s*$/.exec(bytes.toString('latin1'))?.[1];
}

export interface MetaProperties {
  readonly clusterId: string;
  readonly nodeId: number;
  /** Names the folder itself, so that a moved or copied one is recognised. */
  readonly directoryId: string;
}

export function encodeMetaProperties(properties: MetaProperties): Buffer {
  const { clusterId, nodeId, directoryId } = properties;
  return Buffer.from(`version=1\ncluster.id=${clusterId}\nnode.id=${nodeId}\ndirectory.id=${directoryId}\n`);
}

/** Kafka's own file, versions 0 (broker.id) and 1; fields it lacks are '' and -1. */
export function decodeMetaProperties(bytes: Buffer): MetaProperties | undefined {
  const fields = new Map<string, string>();
  for (const line of bytes.toString('utf8').split(/\r?\n/)) {
    const match = /^\s*([^#!\s=:]+)\s*[=:]\s*(.*?)\s*$/.exec(line);
    if (match !== null) fields.set(match[1]!, match[2]!.replaceAll('\\', ''));
  }
  if (fields.get('version') !== '0' && fields.get('version') !== '1') return undefined;
  return {
    clusterId: fields.get('cluster.id') ?? '',
    nodeId: Number(fields.get('node.id') ?? fields.get('broker.id') ?? -1),
    directoryId: fields.get('directory.id') ?? '',
  };
}

/** Kafka's .kafka_cleanshutdown. The broker epoch is ours to choose: tail-states.ts recognises its own clean stop by it. */
export function encodeCleanStop(stamp: number): Buffer {
  return Buffer.from(JSON.stringify({ version: 0, brokerEpoch: stamp }));
}

/** The stamp; -1 when Kafka left none (an empty file also is a clean stop). */
export function decodeCleanStop(bytes: Buffer): number {
  const match = /"brokerEpoch"\s*:\s*(-?\d+)/.exec(bytes.toString('latin1'));
  return match === null ? -1 : Number(match[1]);
}
