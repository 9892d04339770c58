// The exit codes of the command.

export const EXIT_CODES = {
  done: 0,
  /** What was asked for failed, or a check found something. */
  failed: 1,
  /** The command line, a profile, the environment or a broker's configuration is wrong. */
  usage: 2,
  /** The question before something is destroyed was not answered with yes. */
  declined: 3,
  /** SIGHUP, as shells have it: the terminal is gone. */
  hungUp: 129,
  /** Ctrl-C, likewise. */
  interrupted: 130,
  /** SIGTERM, likewise. */
  terminated: 143,
} as const;

/** For the signals that end what is under way. */
export const SIGNAL_EXIT_CODES = {
  SIGHUP: EXIT_CODES.hungUp,
  SIGINT: EXIT_CODES.interrupted,
  SIGTERM: EXIT_CODES.terminated,
} as const;
export type EndingSignal = keyof typeof SIGNAL_EXIT_CODES;
