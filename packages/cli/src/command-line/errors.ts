// What goes wrong in a command and is no error of Kafka's: the message is all that is shown.

/** The command line cannot be meant. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

export class DeclinedError extends Error {
  override readonly name = 'DeclinedError';
}

/** Something that a person can understand went wrong; the message is all that is shown. */
export class CommandError extends Error {
  override readonly name = 'CommandError';
}
