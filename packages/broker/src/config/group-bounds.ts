// The bounds that a broker sets to what single groups choose: group.share.min.session.timeout.ms to share.session.timeout.ms.

import type { BrokerConfig, ConfigTexts } from './broker-config.ts';
import { type ConfigDefinition, parseValue } from './definition.ts';
import { type BrokerConfigKey, brokerConfigDefinitions } from './definitions/broker.ts';
import { groupConfigDefinitions } from './definitions/group.ts';

const ofGroups: Readonly<Record<string, ConfigDefinition>> = groupConfigDefinitions;
/** Named otherwise than the rest. */
const HIGHEST_BY_KEY: Readonly<Record<string, string>> = {
  'streams.num.standby.replicas': 'group.streams.max.standby.replicas',
};
const PROTOCOLS = ['consumer', 'share', 'streams'] as const;

/** What does not fit the broker or each other in the configs of one group, all of them valid by themselves; or undefined. */
export function groupConfigProblem(texts: ConfigTexts, config: BrokerConfig): string | undefined {
  for (const [key, text] of texts) {
    const value = parseValue(key, ofGroups[key]!, text);
    if (typeof value !== 'number') continue;
    const dot = key.indexOf('.');
    const bound = (which: 'min' | 'max') => `group.${key.slice(0, dot)}.${which}${key.slice(dot)}`;
    const lowest = bound('min');
    if (isBrokerKey(lowest) && value < Number(config.get(lowest))) {
      return `${key} must be greater than or equal to ${lowest} (${config.get(lowest)})`;
    }
    const highest = HIGHEST_BY_KEY[key] ?? bound('max');
    if (isBrokerKey(highest) && value > Number(config.get(highest))) {
      return `${key} must be less than or equal to ${highest} (${config.get(highest)})`;
    }
  }
  return heartbeatProblem(texts, config);
}

/** A member must be heard of before it is given up. */
function heartbeatProblem(texts: ConfigTexts, config: BrokerConfig): string | undefined {
  for (const protocol of PROTOCOLS) {
    const session = `${protocol}.session.timeout.ms` as const;
    const heartbeat = `${protocol}.heartbeat.interval.ms` as const;
    if (!texts.has(session) && !texts.has(heartbeat)) continue;
    const sessionMs = Number(texts.get(session) ?? config.get(`group.${session}`));
    const heartbeatMs = Number(texts.get(heartbeat) ?? config.get(`group.${heartbeat}`));
    if (sessionMs <= heartbeatMs) {
      return `${session} (${sessionMs}) must be greater than ${heartbeat} (${heartbeatMs})`;
    }
  }
  return undefined;
}

function isBrokerKey(key: string): key is BrokerConfigKey {
  return Object.hasOwn(brokerConfigDefinitions, key);
}
