// Who sends telemetry, by its connection.

import type { Uuid } from '@moldau/protocol';
import type { TelemetryClient } from '../telemetry/subscriptions.ts';
import type { RequestContext } from './handler.ts';

export function telemetryClient(clientInstanceId: Uuid, context: RequestContext): TelemetryClient {
  const { clientId, clientHost, clientPort, software } = context;
  return {
    clientInstanceId,
    clientId: clientId ?? '',
    softwareName: software.name,
    softwareVersion: software.version,
    sourceAddress: clientHost.slice(1),
    sourcePort: clientPort,
  };
}
