// DeleteTopics (KIP-4; KIP-599 error messages from version 5, KIP-516 by id from version 6).

import {
  type DeleteTopicsRequest,
  deleteTopicsRequest,
  deleteTopicsResponse,
  ErrorCode,
  ZERO_UUID,
} from '@moldau/protocol';
import type { TopicReference } from '../controller/delete-topics.ts';
import { permissions } from '../security/authorization/permissions.ts';
import { may, refusal } from './authorize.ts';
import { type RequestContext, type Services, serve } from './handler.ts';

const FIRST_VERSION_WITH_IDS = 6;
const FIRST_VERSION_WITH_STRICT_QUOTA = 5;
const FIRST_VERSION_WITH_DELETION_DISABLED = 3;

export const deleteTopics = serve({
  request: deleteTopicsRequest,
  response: deleteTopicsResponse,
  minVersion: 0,
  maxVersion: 6,
  async handle(request, context, services) {
    const { controller, config, quotas } = services;
    const topics = topicsOf(request, context);
    if (!config.deleteTopicEnable) {
      const errorCode =
        context.apiVersion < FIRST_VERSION_WITH_DELETION_DISABLED
          ? ErrorCode.INVALID_REQUEST
          : ErrorCode.TOPIC_DELETION_DISABLED;
      const errorMessage = 'Topic deletion is disabled: delete.topic.enable is false.';
      return { responses: topics.map((topic) => ({ ...topic, errorCode, errorMessage })) };
    }
    const mutations = quotas.mutations(context, context.apiVersion >= FIRST_VERSION_WITH_STRICT_QUOTA);
    const { allowed, refused } = splitByPermission(topics, context, services);
    const deleted = await controller.deleteTopics(allowed, mutations);
    context.throttle(mutations.throttleMs);
    return { responses: [...deleted, ...refused] };
  },
  fail: (request, errorCode, errorMessage) => ({
    responses: [
      ...request.topicNames.map((name) => ({ name, errorCode, errorMessage })),
      ...request.topics.map(({ name, topicId }) => ({ name, topicId, errorCode, errorMessage })),
    ],
  }),
});

/** Answers for what may not be deleted: a topic that may not be seen either is told neither by its name nor by its id. */
function splitByPermission(
  topics: readonly TopicReference[],
  context: RequestContext,
  services: Services,
): { allowed: TopicReference[]; refused: (TopicReference & { errorCode: number; errorMessage: string })[] } {
  const permission = permissions.deleteTopics;
  if (may(services, context, permission.cluster)) return { allowed: [...topics], refused: [] };
  const image = services.metadata();
  const allowed: TopicReference[] = [];
  const refused = [];
  const { code: errorCode, message: errorMessage } = refusal(permission.topic);
  for (const reference of topics) {
    const name = reference.name ?? image.topicById(reference.topicId)?.name;
    const isMalformed = reference.name !== null && reference.topicId !== ZERO_UUID;
    const isSeen = name === undefined || isMalformed || may(services, context, permission.name, name);
    const mayDelete = name !== undefined && may(services, context, permission.topic, name);
    const isUnknown = name === undefined || isMalformed || (isSeen && image.topicByName(name) === undefined);
    if (isUnknown || (isSeen && mayDelete)) allowed.push(reference);
    else
      refused.push({
        ...{ name: reference.name ?? (isSeen ? name : null), topicId: reference.topicId },
        ...{ errorCode, errorMessage },
      });
  }
  return { allowed, refused };
}

function topicsOf({ topics, topicNames }: DeleteTopicsRequest, { apiVersion }: RequestContext) {
  if (apiVersion >= FIRST_VERSION_WITH_IDS) return topics;
  return topicNames.map((name) => ({ name, topicId: ZERO_UUID }));
}
