// What one interop client is: how it is installed, and the programs whose cases are run against a broker.
// A program is called with the bootstrap address and case names as its arguments, and prints one line of JSON for each case:
// {"case": name, "ok": boolean, "detail": string}. A case that it does not report has failed.

/** Where things of a run live; all paths are absolute. */
export interface Folders {
  /** test/interop */
  root: string;
  /** test/interop/.cache: what installs make and the next run finds again. */
  cache: string;
}

export interface Program {
  /** The command and its fixed arguments; the bootstrap address and the case names follow. */
  command: readonly string[];
  cases: readonly string[];
  /** Cases that speak versions which Kafka 4 no longer serves; asked unless the broker is said to be such. */
  oldProtocolCases?: readonly string[];
  /** Cases that look into the broker's data folder or restart it; asked only of a broker that this run started. */
  ownBrokerCases?: readonly string[];
  environment?: Readonly<Record<string, string>>;
  timeoutMs?: number;
  /** Whether the cases are asked of the secured broker (secured-broker.ts), which is one for all clients. */
  isSecured?: boolean;
}

export interface Client {
  name: string;
  /** Must throw when anything is missing: a client that cannot be had is a failure. */
  install(folders: Folders): Promise<void>;
  programs(folders: Folders): readonly Program[];
}
