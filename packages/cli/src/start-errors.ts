// What is said when a start fails: lines that name the thing and what to do about it.

import { EXIT_CODES } from './command-line/exit-codes.ts';

/** Of a start that failed: what is written wrong is a wrong command line, wherever it is written. */
export function startExitCode(error: unknown): number {
  return error instanceof Error && error.name === 'ConfigError' ? EXIT_CODES.usage : EXIT_CODES.failed;
}

/** One line or more, without the name of the command. */
export function explainStartError(error: unknown): string[] {
  if (!(error instanceof Error)) return [`the start failed: ${String(error)}`];
  const { code, path, address, port, syscall, hostname } = error as NodeJS.ErrnoException & {
    address?: string;
    port?: number;
    hostname?: string;
  };
  if (code === 'EADDRINUSE') {
    return [
      `port ${port} on ${address} is in use, perhaps by another Moldau or Kafka: ${whoHolds(port)} shows it; stop it, or choose another port with --listen`,
    ];
  }
  if (syscall === 'listen' || syscall === 'bind')
    return [explainListenError(code, address, port, error.message)];
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN') {
    return [`the host ${hostname} to listen on is unknown: choose an address of this machine with --listen`];
  }
  if (code !== undefined && path !== undefined && code in DISK_ERRORS)
    return [`${DISK_ERRORS[code]} ${path}${ADVICE[code] ?? ''}`];
  // These are written for the person who starts a broker; any other error is our own mistake, and its stack helps to find it.
  if (error.name === 'ConfigError' || error.name === 'LogDirError' || code !== undefined)
    return error.message.split('\n');
  const isForPeople = EXPLAINED_ERRORS.has(error.name);
  return isForPeople ? [error.message] : [`the start failed: ${error.stack ?? error.message}`];
}

/** Errors whose message is made for people. */
const EXPLAINED_ERRORS = new Set(['KafkaError', 'MetadataStoreError', 'StartError']);

const DISK_ERRORS: Readonly<Record<string, string>> = {
  EACCES: 'no permission to use',
  EPERM: 'no permission to use',
  EROFS: 'the file system is read-only at',
  ENOSPC: 'no space is left on the device at',
  EDQUOT: 'the disk quota is used up at',
  ENOTDIR: 'a file stands where a folder should be:',
  EEXIST: 'a file stands where a folder should be:',
  EISDIR: 'a folder stands where a file should be:',
  ENOENT: 'there is no',
  EIO: 'the disk failed at',
};

const ADVICE: Readonly<Record<string, string>> = {
  EACCES: ': give this user the right to write there, or choose another folder with --data',
  EPERM: ': give this user the right to write there, or choose another folder with --data',
  EROFS: ': choose another folder with --data',
  ENOSPC: ': free some, or choose another folder with --data',
  EDQUOT: ': free some, or choose another folder with --data',
  ENOTDIR: '; choose another folder with --data',
  EEXIST: '; choose another folder with --data',
};

function explainListenError(
  code: string | undefined,
  address: string | undefined,
  port: number | undefined,
  message: string,
): string {
  if (code === 'EACCES')
    return `no permission to listen on port ${port}: ports below 1024 need a privilege, choose another with --listen`;
  if (code === 'EADDRNOTAVAIL')
    return `this machine has no address ${address}: choose one of its own, or :${port} for all of them, with --listen`;
  return `cannot listen on ${address}:${port}: ${message}`;
}

function whoHolds(port: number | undefined): string {
  if (process.platform === 'linux') return `\`ss -ltnp 'sport = :${port}'\``;
  if (process.platform === 'win32') return `\`netstat -ano | findstr :${port}\``;
  return `\`lsof -nP -iTCP:${port} -sTCP:LISTEN\``;
}
