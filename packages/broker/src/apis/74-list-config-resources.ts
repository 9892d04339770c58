// ListConfigResources (KIP-714 client metrics only in version 0, KIP-1142 every type from version 1): the resources that have configs set, and
// of topics and brokers all there are.

import { ConfigResourceType, type MetadataImage } from '@moldau/metadata';
import { ErrorCode, listConfigResourcesRequest, listConfigResourcesResponse } from '@moldau/protocol';
import { permissions } from '../security/authorization/permissions.ts';
import { demand } from './authorize.ts';
import { type Services, serve } from './handler.ts';

const SUPPORTED_TYPES: readonly number[] = [
  ConfigResourceType.TOPIC,
  ConfigResourceType.BROKER,
  ConfigResourceType.BROKER_LOGGER,
  ConfigResourceType.CLIENT_METRICS,
  ConfigResourceType.GROUP,
];

export const listConfigResources = serve({
  request: listConfigResourcesRequest,
  response: listConfigResourcesResponse,
  minVersion: 0,
  maxVersion: 1,
  handle({ resourceTypes }, context, services) {
    demand(services, context, permissions.listConfigResources.cluster);
    const asked = context.apiVersion === 0 ? [ConfigResourceType.CLIENT_METRICS] : resourceTypes;
    const types = asked.length === 0 ? SUPPORTED_TYPES : [...new Set(asked)];
    if (types.some((type) => !SUPPORTED_TYPES.includes(type))) {
      return { errorCode: ErrorCode.UNSUPPORTED_VERSION, configResources: [] };
    }
    const configResources = types.flatMap((resourceType) =>
      namesOf(resourceType, services).map((resourceName) => ({ resourceName, resourceType })),
    );
    return { errorCode: ErrorCode.NONE, configResources };
  },
  fail: (_request, errorCode) => ({ errorCode, configResources: [] }),
});

function namesOf(type: number, { metadata }: Services): readonly string[] {
  const image = metadata();
  switch (type) {
    case ConfigResourceType.TOPIC:
      return image.sortedTopicNames();
    case ConfigResourceType.BROKER:
    case ConfigResourceType.BROKER_LOGGER:
      return brokerNames(image);
    default:
      return image.configuredResources(type);
  }
}

function brokerNames(image: MetadataImage): string[] {
  return [...image.brokers.keys()].map(String);
}
