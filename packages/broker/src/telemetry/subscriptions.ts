// Which clients are to push which metrics, and how often: the client metrics subscriptions of the cluster (KIP-714), as one client meets them.

import { crc32c } from '@moldau/protocol';

/** Who pushes, and from where. */
export interface TelemetryClient {
  readonly clientInstanceId: string;
  readonly clientId: string;
  readonly softwareName: string;
  readonly softwareVersion: string;
  /** Without a slash. */
  readonly sourceAddress: string;
  readonly sourcePort: number;
}

/** The configs of one subscription. */
export type SubscriptionTexts = ReadonlyMap<string, string>;

export interface Subscription {
  /** Changes when anything of it does, so that clients ask again. */
  readonly id: number;
  /** Prefixes of names, or '*' alone for all; none for no metrics at all. */
  readonly metrics: readonly string[];
  readonly pushIntervalMs: number;
}

const DEFAULT_INTERVAL_MS = 300_000;
const ALL_METRICS = '*';

/** What all subscriptions that match the client ask of it together: every metric that one wants, as often as any wants it. */
export function subscriptionFor(
  client: TelemetryClient,
  subscriptions: Iterable<SubscriptionTexts>,
): Subscription {
  const wanted = new Set<string>();
  let pushIntervalMs = Number.POSITIVE_INFINITY;
  for (const texts of subscriptions) {
    if (!matches(client, texts.get('match') ?? '')) continue;
    for (const metric of elements(texts.get('metrics') ?? '')) wanted.add(metric);
    pushIntervalMs = Math.min(pushIntervalMs, Number(texts.get('interval.ms') ?? DEFAULT_INTERVAL_MS));
  }
  if (pushIntervalMs === Number.POSITIVE_INFINITY) pushIntervalMs = DEFAULT_INTERVAL_MS;
  const metrics = wanted.has(ALL_METRICS) ? [ALL_METRICS] : [...wanted].sort();
  const text = JSON.stringify([client.clientInstanceId, metrics, pushIntervalMs]);
  return { id: crc32c(Buffer.from(text)) | 0, metrics, pushIntervalMs };
}

/** Every selector has to match; none matches all clients. */
function matches(client: TelemetryClient, text: string): boolean {
  return elements(text).every((element) => {
    const equals = element.indexOf('=');
    const value = selected(client, element.slice(0, equals).trim());
    return value !== undefined && isMatch(element.slice(equals + 1).trim(), value);
  });
}

function selected(client: TelemetryClient, selector: string): string | undefined {
  switch (selector) {
    case 'client_instance_id':
      return client.clientInstanceId;
    case 'client_id':
      return client.clientId;
    case 'client_software_name':
      return client.softwareName;
    case 'client_software_version':
      return client.softwareVersion;
    case 'client_source_address':
      return client.sourceAddress;
    case 'client_source_port':
      return String(client.sourcePort);
    default:
      return undefined;
  }
}

/** The whole value has to match. A pattern that is none here matches nobody. */
function isMatch(pattern: string, value: string): boolean {
  try {
    return new RegExp(`^(?:${pattern})$`).test(value);
  } catch {
    return false;
  }
}

function elements(text: string): string[] {
  return text
    .split(',')
    .map((element) => element.trim())
    .filter((element) => element !== '');
}
