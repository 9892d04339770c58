// Bringing a log's leader epochs to their file. One write at a time per log. The first file of a new log is written plainly, because
// its epoch can be read from the batches again; later ones are replaced durably before the recovery point passes them.

import { encodePartitionMetadata } from './checkpoint-files.ts';
import { LEADER_EPOCH_FILE, PARTITION_METADATA_FILE } from './file-names.ts';
import type { LogState } from './log-state.ts';
import { writeSmallFile } from './segment-files.ts';

/** Resolves when the file has the epochs of now, or could not be written. */
export async function saveEpochs(state: LogState): Promise<void> {
  while (state.savingEpochs !== undefined) await state.savingEpochs;
  if (state.epochsSaved || !state.directoryMade || state.removed) return;
  await save(state, () =>
    state.environment.disk.replaceFile(`${state.directory}/${LEADER_EPOCH_FILE}`, state.epochs.encode()),
  );
}

/** partition.metadata and the first leader epoch: small, and no answer waits for them. */
export function saveFirstFiles(state: LogState): Promise<void> {
  const { disk } = state.environment;
  return save(state, async () => {
    const metadata = encodePartitionMetadata(state.topicId);
    await writeSmallFile(disk, `${state.directory}/${PARTITION_METADATA_FILE}`, metadata);
    await writeSmallFile(disk, `${state.directory}/${LEADER_EPOCH_FILE}`, state.epochs.encode());
  });
}

function save(state: LogState, write: () => Promise<void>): Promise<void> {
  const { logger, smallFiles } = state.environment;
  state.savingEpochs = smallFiles
    .run(async () => {
      const version = state.epochsVersion;
      await write();
      state.noteEpochsSaved(version);
    })
    .catch((error: unknown) => {
      if (!state.removed) logger.warn({ log: state.directoryName, error }, 'cannot write the leader epochs');
    })
    .finally(() => {
      state.savingEpochs = undefined;
    });
  return state.savingEpochs;
}
