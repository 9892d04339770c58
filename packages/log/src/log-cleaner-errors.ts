// Why a compaction came to nothing.

/** It is not wanted any more: nothing is wrong. */
export class CleaningStoppedError extends Error {}

/** The segments that it began with are not there any more, or not what they were: it is done again another time. */
export class SegmentsChangedError extends Error {}

/** The bytes of the log are not what they must be; compaction leaves such a log alone. */
export class DamagedLogError extends Error {}
