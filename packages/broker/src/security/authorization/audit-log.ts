// Who was refused what: every denial is a line of the broker's log, as of Kafka's authorizer log; what was allowed is told at debug.
//
// Clients cause these lines at will, so of equal ones one a minute is written, and no more than MAX_LINES in all; the first line after
// says how many were left out. What clients name is cut to a length.

import type { Clock, Logger } from '@moldau/io';
import { AclOperation, nameOf, ResourceType } from './acl.ts';
import type { Requester } from './authorizer.ts';

const WINDOW_MS = 60_000;
const MAX_LINES = 1000;
const MAX_NAME_LENGTH = 256;

export interface AuditedAction {
  readonly operation: number;
  readonly resourceType: number;
  readonly resourceName: string;
}

export interface AuditLogOptions {
  readonly logger: Logger;
  readonly clock: Clock;
  /** Of an API's key, as in 'Produce'. */
  readonly apiName: (apiKey: number) => string;
}

export class AuditLog {
  readonly #options: AuditLogOptions;
  readonly #written = new Set<string>();
  #windowStartMs = 0;
  #leftOut = 0;

  constructor(options: AuditLogOptions) {
    this.#options = options;
  }

  denied(requester: Requester, action: AuditedAction): void {
    const { logger, clock } = this.#options;
    const nowMs = clock.monotonicMs();
    if (nowMs - this.#windowStartMs >= WINDOW_MS) {
      this.#windowStartMs = nowMs;
      this.#written.clear();
    }
    const fields = this.#fieldsOf(requester, action);
    const key = Object.values(fields).join('\n');
    if (this.#written.has(key) || this.#written.size >= MAX_LINES) {
      this.#leftOut += 1;
      return;
    }
    this.#written.add(key);
    const alsoLeftOut = this.#leftOut > 0 ? { denialsLeftOut: this.#leftOut } : {};
    this.#leftOut = 0;
    logger.warn({ ...fields, ...alsoLeftOut }, 'denied by the authorizer');
  }

  allowed(requester: Requester, action: AuditedAction): void {
    const { logger } = this.#options;
    if (logger.isLevelEnabled?.('debug') !== true) return;
    logger.debug(this.#fieldsOf(requester, action), 'allowed by the authorizer');
  }

  #fieldsOf(
    { principal, clientHost, apiKey }: Requester,
    { operation, resourceType, resourceName }: AuditedAction,
  ) {
    return {
      principal: cut(principal),
      host: clientHost.slice(1),
      api: this.#options.apiName(apiKey),
      operation: nameOf(AclOperation, operation),
      resourceType: nameOf(ResourceType, resourceType),
      resourceName: cut(resourceName),
    };
  }
}

function cut(name: string): string {
  return name.length > MAX_NAME_LENGTH ? `${name.slice(0, MAX_NAME_LENGTH)}…` : name;
}
