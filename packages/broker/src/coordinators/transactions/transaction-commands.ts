// What the transaction coordinator is asked and what it answers, free of any API's version.

/** transaction.version: 2 is KIP-890, under which the epoch is bumped with the end of every transaction. */
export type TransactionVersion = 0 | 1 | 2;

export interface TopicPartition {
  readonly topic: string;
  readonly partition: number;
}

/** -1 and -1 with an error. */
export interface ProducerIdAnswer {
  readonly errorCode: number;
  readonly producerId: number;
  readonly producerEpoch: number;
}

export interface InitProducerIdCommand {
  readonly transactionalId: string;
  readonly transactionTimeoutMs: number;
  /** What the producer was before (KIP-360); null for one that starts anew. */
  readonly expected: { readonly producerId: number; readonly producerEpoch: number } | null;
}

/** A transactional producer as it names itself. */
export interface TransactionalProducer {
  readonly transactionalId: string;
  readonly producerId: number;
  readonly producerEpoch: number;
}

export interface AddPartitionsCommand extends TransactionalProducer {
  readonly partitions: readonly TopicPartition[];
  /** Nothing is added: the answer says whether the partitions are in the ongoing transaction. */
  readonly verifyOnly: boolean;
  /** The protocol the client follows; 2 when left out. Of no account with verifyOnly. */
  readonly clientVersion?: TransactionVersion;
}

export interface PartitionAnswer extends TopicPartition {
  readonly errorCode: number;
}

export interface EndTransactionCommand extends TransactionalProducer {
  readonly committed: boolean;
  /** The protocol the client follows. */
  readonly clientVersion: TransactionVersion;
}

export interface DescribedTransaction {
  readonly errorCode: number;
  readonly transactionalId: string;
  /** Kafka's name of the state, as in 'PrepareCommit'; empty with an error. */
  readonly transactionState: string;
  readonly transactionTimeoutMs: number;
  /** Wall milliseconds; -1 when none has started. */
  readonly transactionStartTimeMs: number;
  readonly producerId: number;
  readonly producerEpoch: number;
  readonly topics: { readonly topic: string; readonly partitions: number[] }[];
}

export interface ListTransactionsCommand {
  /** Names of states; empty for all. */
  readonly stateFilters: readonly string[];
  /** Empty for all. */
  readonly producerIdFilters: readonly number[];
  /** Only those that started longer ago than this, in milliseconds; negative for all. */
  readonly durationFilterMs: number;
  /** A regular expression that the whole transactional id matches; null or empty for all. */
  readonly transactionalIdPattern: string | null;
}

export interface ListedTransaction {
  readonly transactionalId: string;
  readonly producerId: number;
  readonly transactionState: string;
}

export interface ListTransactionsAnswer {
  readonly errorCode: number;
  readonly unknownStateFilters: string[];
  readonly transactionStates: ListedTransaction[];
}

/** What is written into each partition at the end of a transaction. */
export interface TransactionMarkers {
  readonly producerId: number;
  readonly producerEpoch: number;
  /** The leader epoch of the coordinator's partition: an older coordinator's markers are refused. */
  readonly coordinatorEpoch: number;
  readonly committed: boolean;
  readonly partitions: readonly TopicPartition[];
  /** 2: the epoch was bumped for this end, so the marker's must be higher than that of the records. */
  readonly transactionVersion: TransactionVersion;
}

/** Answers a command; called once, at once or later. */
export type Reply<T> = (answer: T) => void;
