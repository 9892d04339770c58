// From a request's bytes to its handler and back to the answer's bytes.
//
// Invariant: whatever a handler does, the broker lives. A KafkaError is answered as such; any other exception is logged
// with its request and answered where the API has room for an error; where it has none, or where the bytes are not a
// request of this API, the rejection tells the caller to end that connection.
//
// While a quota of request time is set, what a request takes is measured here: its decoding, and what its handler does before it first waits
// for something. What happens after that, and the encoding, is done for several requests at once and is nobody's.

import type { Logger } from '@moldau/io';
import { ErrorCode, KafkaError } from '@moldau/protocol';
import { auditChange } from './audited-changes.ts';
import { type ApiHandler, NO_RESPONSE, type RequestContext, type Services } from './handler.ts';
import { summarizeRequest } from './request-summary.ts';

/** Produce and Fetch, which know their errors without looking. */
const COUNTED_ELSEWHERE: ReadonlySet<number> = new Set([0, 1]);

/** A request that cannot be answered: its connection has to go. */
export class UnanswerableError extends Error {
  override readonly name = 'UnanswerableError';
}

/**
 * The answer's body in pieces, or undefined when the request wants none.
 * Rejects with a MalformedError when the body is not a request of this API, else with an UnanswerableError.
 */
export async function dispatch(
  handler: ApiHandler,
  frame: Buffer,
  bodyOffset: number,
  context: RequestContext,
  services: Services,
): Promise<Uint8Array[] | undefined> {
  const { quotas, clock } = services;
  const startMs = quotas.timesRequests ? clock.monotonicMs() : 0;
  const request = handler.request.decode(frame, context.apiVersion, bodyOffset);
  let answer: unknown;
  let spentMs = 0;
  try {
    const pending = handler.handle(request, context, services);
    if (startMs > 0) spentMs = clock.monotonicMs() - startMs;
    answer = await pending;
  } catch (error) {
    answer = answerToFailure(error, handler, request, context, services.logger);
  }
  if (!COUNTED_ELSEWHERE.has(handler.apiKey)) services.figures.requests.countErrors(handler.apiKey, answer);
  auditChange(handler, request, answer, context, services.logLevels.of('audit'));
  if (startMs > 0) context.throttle(quotas.recordTime(context, spentMs));
  if (answer === NO_RESPONSE) return undefined;
  if (context.throttleMs > 0) answer = { ...(answer as object), throttleTimeMs: context.throttleMs };
  return handler.response.encodeChunks(answer as never, context.apiVersion);
}

function answerToFailure(
  error: unknown,
  handler: ApiHandler,
  request: unknown,
  context: RequestContext,
  logger: Logger,
): unknown {
  const isExpected = error instanceof KafkaError;
  if (!isExpected) {
    const { apiVersion, clientId, clientHost } = context;
    const fields = {
      err: error,
      api: handler.name,
      apiVersion,
      clientId,
      clientHost,
      request: summarizeRequest(request),
    };
    logger.error(fields, 'a handler failed unexpectedly');
  }
  const code = isExpected ? error.code : ErrorCode.UNKNOWN_SERVER_ERROR;
  const message = isExpected ? error.message : 'the broker failed while answering; its log says more';
  const answer = handler.fail(request, code, message);
  if (answer === undefined) throw new UnanswerableError(`${handler.name} failed: ${message}`);
  return answer;
}
