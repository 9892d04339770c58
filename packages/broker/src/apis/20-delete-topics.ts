// DeleteTopics (KIP-4; KIP-599 error messages from version 5, KIP-516 by id from version 6).

import {
  type DeleteTopicsRequest,
  deleteTopicsRequest,
  deleteTopicsResponse,
  ErrorCode,
  ZERO_UUID,
} from '@moldau/protocol';
import { type RequestContext, serve } from './handler.ts';

const FIRST_VERSION_WITH_IDS = 6;
const FIRST_VERSION_WITH_STRICT_QUOTA = 5;
const FIRST_VERSION_WITH_DELETION_DISABLED = 3;

export const deleteTopics = serve({
  request: deleteTopicsRequest,
  response: deleteTopicsResponse,
  minVersion: 0,
  maxVersion: 6,
  async handle(request, context, { controller, config, quotas }) {
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
    const responses = await controller.deleteTopics(topics, mutations);
    context.throttle(mutations.throttleMs);
    return { responses };
  },
  fail: (request, errorCode, errorMessage) => ({
    responses: [
      ...request.topicNames.map((name) => ({ name, errorCode, errorMessage })),
      ...request.topics.map(({ name, topicId }) => ({ name, topicId, errorCode, errorMessage })),
    ],
  }),
});

function topicsOf({ topics, topicNames }: DeleteTopicsRequest, { apiVersion }: RequestContext) {
  if (apiVersion >= FIRST_VERSION_WITH_IDS) return topics;
  return topicNames.map((name) => ({ name, topicId: ZERO_UUID }));
}
