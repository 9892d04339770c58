// The entry '@moldau/log/file-formats': reading single files of a log, for tools that look at them while no log is opened.

export {
  decodeCleanStop,
  decodeMetaProperties,
  decodeOffsetCheckpoint,
  decodePartitionMetadata,
} from './checkpoint-files.ts';
export {
  CLEANER_OFFSET_FILE,
  KAFKA_CLEAN_STOP_FILE,
  LEADER_EPOCH_FILE,
  LOG_START_OFFSET_FILE,
  META_PROPERTIES_FILE,
  PARTITION_METADATA_FILE,
  parsePartitionDirectory,
  RECOVERY_POINT_FILE,
} from './file-names.ts';
export { LeaderEpochs } from './leader-epochs.ts';
export { OffsetIndex } from './offset-index.ts';
export { TimeIndex } from './time-index.ts';
export { decodeTransactionIndex } from './transaction-index.ts';
