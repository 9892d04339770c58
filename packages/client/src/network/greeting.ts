// The first words on a connection: which APIs the broker speaks, and what it is when it is no broker.

import { apiVersionsRequest, apiVersionsResponse, ErrorCode } from '@moldau/protocol';
import { type Dialled, explainFailedGreeting, foreignProtocol } from '../errors/explanations.ts';
import { BrokerError, ConnectionError, KafkaError, TimeoutError } from '../errors/kafka-error.ts';
import { SOFTWARE } from '../options/version.ts';
import { BrokerApis } from './broker-apis.ts';
import type { BrokerConnection } from './broker-connection.ts';

const API = { request: apiVersionsRequest, response: apiVersionsResponse };
const NEWEST = apiVersionsRequest.versions.max;

/** Rejects with an error that says what seems to be there in place of a broker. */
export async function greet(
  connection: BrokerConnection,
  dialled: Dialled,
  limits: { timeoutMs: number },
): Promise<BrokerApis> {
  try {
    let answer = await connection.request(API, NEWEST, SOFTWARE, limits);
    if (answer.errorCode === ErrorCode.UNSUPPORTED_VERSION) {
      const { maxVersion = 0 } =
        answer.apiKeys.find(({ apiKey }) => apiKey === apiVersionsRequest.apiKey) ?? {};
      answer = await connection.request(API, Math.min(maxVersion, NEWEST - 1), SOFTWARE, limits);
    }
    if (answer.errorCode !== ErrorCode.NONE)
      throw new BrokerError(answer.errorCode, { broker: dialled.address });
    return new BrokerApis(dialled.address, answer);
  } catch (error) {
    throw explained(dialled, error);
  }
}

function explained(dialled: Dialled, error: unknown): unknown {
  if (error instanceof TimeoutError) {
    const problem = 'the connection was taken, and the broker says nothing';
    return explainFailedGreeting(dialled, problem, error);
  }
  if (error instanceof ConnectionError && error.code === 'CONNECTION_LOST') {
    return explainFailedGreeting(dialled, 'the connection was closed before the first answer', error);
  }
  return error;
}

/** An answer of a size that cannot be. */
export function explainBadSize(dialled: Dialled, size: number, isFirst: boolean): KafkaError {
  const foreign = foreignProtocol(size);
  if (isFirst)
    return explainFailedGreeting(dialled, foreign ?? `what answers there is no broker (a size of ${size})`);
  const advice =
    'if it is meant, raise maxAnswerBytes; else something in between changes what the broker sends';
  return new KafkaError(
    'MALFORMED_ANSWER',
    `${dialled.address}: the broker sent an answer of ${size} bytes: ${advice}.`,
    {
      broker: dialled.address,
      retriable: true,
    },
  );
}
