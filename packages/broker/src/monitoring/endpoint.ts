// The pages: /metrics for Prometheus, /health/... for probes. Whoever can reach the port can read them, which is why it is this machine's own by
// default. When it cannot be opened the broker serves all the same.

import type { HttpAnswer, HttpListener, HttpServer, Logger } from '@moldau/io';
import { type HealthSource, healthOf, probeNames } from './health.ts';
import { TEXT_CONTENT_TYPE } from './text-format.ts';

export interface EndpointOptions {
  readonly httpServer: HttpServer;
  readonly logger: Logger;
  /** The address is somebody's wish, rather than where pages are by default: the second broker of a machine finds that taken. */
  readonly isAskedFor: boolean;
  readonly metricsText: () => Promise<string>;
  readonly health: HealthSource;
}

const HEALTH = '/health/';

/** Undefined when the port cannot be opened, which has been told. */
export async function openEndpoint(
  address: { readonly host: string; readonly port: number },
  options: EndpointOptions,
): Promise<HttpListener | undefined> {
  const { httpServer, logger, isAskedFor } = options;
  try {
    const listener = await httpServer.listen(address, (path) => answerTo(path, options));
    logger.info({ host: listener.host, port: listener.port }, 'metrics and health are served');
    return listener;
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    const advice = 'set moldau.metrics.listen to another host:port, or to nothing for none';
    const fields = { ...address, reason };
    const message = `metrics and health cannot be asked for: ${advice}`;
    if (isAskedFor) logger.warn(fields, message);
    else logger.info(fields, message);
    return undefined;
  }
}

async function answerTo(path: string, { metricsText, health, logger }: EndpointOptions): Promise<HttpAnswer> {
  if (path === '/metrics') {
    try {
      return { status: 200, contentType: TEXT_CONTENT_TYPE, body: await metricsText() };
    } catch (error) {
      logger.error({ err: error }, 'metrics could not be collected');
      throw error;
    }
  }
  if (path.startsWith(HEALTH)) {
    const report = healthOf(path.slice(HEALTH.length), health);
    if (report !== undefined) {
      const body = `${JSON.stringify(report.body)}\n`;
      return { status: report.isHealthy ? 200 : 503, contentType: 'application/json', body };
    }
  }
  const pages = ['/metrics', ...probeNames.map((name) => `${HEALTH}${name}`)];
  return { status: 404, contentType: 'text/plain', body: `there are ${pages.join(', ')}\n` };
}
