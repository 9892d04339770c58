// From a request's bytes to its handler and back to the answer's bytes.
//
// Invariant: whatever a handler does, the broker lives: a KafkaError is answered as such, any other exception is
// logged with its request and answered where the API has room for an error, and bytes that are not a request of this
// API end the connection (MalformedError reaches the caller).

import { inspect } from 'node:util';
import type { Logger } from '@moldau/io';
import { ErrorCode, KafkaError } from '@moldau/protocol';
import { type ApiHandler, NO_RESPONSE, type RequestContext, type Services } from './handler.ts';

/** Thrown when a request cannot be answered and its connection has to go. */
export class UnanswerableError extends Error {}

export class Dispatcher {
  readonly #services: Services;
  readonly #logger: Logger;

  constructor(services: Services) {
    this.#services = services;
    this.#logger = services.logger;
  }

  /** The answer's body, or undefined when the request wants none. */
  async dispatch(
    handler: ApiHandler,
    body: Buffer,
    bodyOffset: number,
    context: RequestContext,
  ): Promise<Uint8Array[] | undefined> {
    const request = handler.request.decode(body, context.apiVersion, bodyOffset);
    let answer: unknown;
    try {
      answer = await handler.handle(request, context, this.#services);
    } catch (error) {
      answer = this.#answerOf(error, handler, request, context);
    }
    if (answer === NO_RESPONSE) return undefined;
    return handler.response.encodeChunks(answer as never, context.apiVersion);
  }

  #answerOf(error: unknown, handler: ApiHandler, request: unknown, context: RequestContext): unknown {
    const isExpected = error instanceof KafkaError;
    if (!isExpected) {
      const { apiVersion, clientId, clientHost } = context;
      const fields = {
        err: error,
        api: handler.name,
        apiVersion,
        clientId,
        clientHost,
        request: summarize(request),
      };
      this.#logger.error(fields, 'a handler failed unexpectedly');
    }
    const code = isExpected ? error.code : ErrorCode.UNKNOWN_SERVER_ERROR;
    const message = isExpected ? error.message : 'the broker failed while answering; its log says more';
    const answer = handler.fail(request, code, message);
    if (answer === undefined) throw new UnanswerableError(`${handler.name} failed: ${message}`);
    return answer;
  }
}

/** Enough of a request to repeat what went wrong, never its megabytes. */
function summarize(request: unknown): string {
  return inspect(request, {
    depth: 6,
    maxArrayLength: 5,
    maxStringLength: 100,
    breakLength: Number.POSITIVE_INFINITY,
  });
}
