// What a client may do with a resource (KIP-430), where it was not asked.

/** Kafka's mark for operations that were not asked for. */
export const OPERATIONS_NOT_ASKED = -2147483648;
