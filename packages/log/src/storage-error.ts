// What is said when the disk does not do its part.

import { ErrorCode, KafkaError } from '@moldau/protocol';

export function storageError(message: string): KafkaError {
  return new KafkaError(ErrorCode.KAFKA_STORAGE_ERROR, message);
}

export function errorText(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

export function errorCodeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : '';
}

/**
 * Errors after which the disk is well, only without room: no space, quota used up, file too large. Said of an fsync it is a failure as any other, for
 * what it was about may be lost.
 */
export function isOutOfSpace(error: unknown): boolean {
  if (error instanceof Error && 'syscall' in error && String(error.syscall).endsWith('sync')) return false;
  const code = errorCodeOf(error);
  return code === 'ENOSPC' || code === 'EDQUOT' || code === 'EFBIG';
}

export function isAbsent(error: unknown): boolean {
  return errorCodeOf(error) === 'ENOENT';
}

/** Errors of a disk that is well, and does not let this user in. */
export function isForbidden(error: unknown): boolean {
  const code = errorCodeOf(error);
  return code === 'EACCES' || code === 'EPERM';
}
