// Bringing a log's leader epochs to their file. One write at a time per log; the file is replaced durably before the recovery point passes
// an epoch's start. A log whose only epoch started with its first batch has no file: the batch says it.

import { encodePartitionMetadata } from './checkpoint-files.ts';
import { LEADER_EPOCH_FILE, PARTITION_METADATA_FILE } from './file-names.ts';
import type { LogState } from './log-state.ts';
import { writeSmallFile } from './segment-files.ts';

/** Resolves when the file has the epochs of now, or could not be written. */
export async function saveEpochs(state: LogState): Promise<void> {
  while (state.savingEpochs !== undefined) await state.savingEpochs;
  if (state.epochsSaved || !state.directoryMade || state.removed) return;
  const { disk, smallFiles, logger } = state.environment;
  state.savingEpochs = smallFiles
    .run(async () => {
      const version = state.epochsVersion;
      await disk.replaceFile(`${state.directory}/${LEADER_EPOCH_FILE}`, state.epochs.encode());
      state.noteEpochsSaved(version);
      state.epochFileExists = true;
    })
    .catch((error: unknown) => {
      if (!state.removed) logger.warn({ log: state.directoryName, error }, 'cannot write the leader epochs');
    })
    .finally(() => {
      state.savingEpochs = undefined;
    });
  return state.savingEpochs;
}

/** Kafka has the file always; made at a clean stop where that is cheap. No fsync: the first batch says the same. */
export async function saveOnlyEpoch(state: LogState): Promise<void> {
  if (state.epochFileExists || !state.epochsSaved || state.epochs.count === 0) return;
  await writeSmallFile(
    state.environment.disk,
    `${state.directory}/${LEADER_EPOCH_FILE}`,
    state.epochs.encode(),
  );
  state.epochFileExists = true;
}

/** partition.metadata of a new log: no answer waits for it. */
export async function savePartitionMetadata(state: LogState): Promise<void> {
  const { disk, logger, smallFiles } = state.environment;
  try {
    const path = `${state.directory}/${PARTITION_METADATA_FILE}`;
    await smallFiles.run(() =>
      writeSmallFile(disk, path, encodePartitionMetadata(state.topicId), { isNew: true }),
    );
  } catch (error) {
    if (!state.removed) logger.warn({ log: state.directoryName, error }, 'cannot write partition.metadata');
  }
}
