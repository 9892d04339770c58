// HTTP by Node's own clients, which are loaded at the first use. Servers' certificates are checked against Node's authorities, and those
// that NODE_EXTRA_CA_CERTS adds.

import type { ClientRequest, IncomingMessage, RequestOptions } from 'node:http';
import type { Http, HttpLimits } from '../http.ts';

const OK = 200;

/** Rejects when the server answers with anything but 200. */
async function answerOf(request: ClientRequest): Promise<IncomingMessage> {
  const answer = await new Promise<IncomingMessage>((resolve, reject) => {
    request.on('response', resolve);
    request.on('error', reject);
  });
  const { statusCode, headers } = answer;
  if (statusCode === OK) return answer;
  const redirect = headers.location === undefined ? '' : ' (redirects are not followed)';
  throw new Error(`the server answered ${statusCode} instead of ${OK}${redirect}`);
}

async function bodyOf(answer: IncomingMessage, maxBytes: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let sizeBytes = 0;
  for await (const chunk of answer as AsyncIterable<Buffer>) {
    sizeBytes += chunk.length;
    if (sizeBytes > maxBytes) throw new Error(`the answer is larger than ${maxBytes} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

async function exchange(
  url: URL,
  { timeoutMs, maxBytes }: HttpLimits,
  options: RequestOptions,
  body?: string,
): Promise<Buffer> {
  const client = url.protocol === 'https:' ? await import('node:https') : await import('node:http');
  const deadline = AbortSignal.timeout(timeoutMs);
  const request = client.request(url, { ...options, agent: false, signal: deadline });
  try {
    request.end(body);
    return await bodyOf(await answerOf(request), maxBytes);
  } catch (error) {
    if (deadline.aborted) throw new Error(`no complete answer within ${timeoutMs} ms`);
    throw error;
  } finally {
    request.destroy();
  }
}

export const nodeHttp: Http = {
  get: (url, limits) => exchange(url, limits, { headers: { accept: 'application/json' } }),
  post: (url, { contentType, body, headers }, limits) =>
    exchange(url, limits, { method: 'POST', headers: { ...headers, 'content-type': contentType } }, body),
};
