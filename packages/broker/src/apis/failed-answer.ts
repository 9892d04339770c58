// What a broker answers when all of a request fails, for those who play a broker in tests: errors stand where each API's clients look for them.

import { handlers } from './handlers.ts';

/** Undefined when the API has no room for it, or no answer is awaited: a broker ends the connection then. */
export function failedAnswer(apiKey: number, request: unknown, code: number, message: string): unknown {
  return handlers.find((handler) => handler.apiKey === apiKey)?.fail(request, code, message);
}
