// Changes that the controller makes.

import { ErrorCode } from '@moldau/protocol';

/** One broker answers for all things asked for, so when it is not the controller, it says so of each. */
export function notController(answers: readonly { readonly errorCode: number }[]): number {
  const isOther = answers.some(({ errorCode }) => errorCode === ErrorCode.NOT_CONTROLLER);
  return isOther ? ErrorCode.NOT_CONTROLLER : ErrorCode.NONE;
}
