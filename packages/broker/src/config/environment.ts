// Reads the environment variables by which people configure the container images of Kafka: apache/kafka and Confluent's
// (KAFKA_LOG_DIRS), Bitnami's (KAFKA_CFG_LOG_DIRS), and wurstmeister's (KAFKA_CREATE_TOPICS, KAFKA_ADVERTISED_HOST_NAME).
//
// The same variables are often meant for other programs, so one that is no key of the broker is no error.

import { isProviderKey } from './config-providers.ts';
import { brokerConfigDefinitions } from './definitions/broker.ts';
import { foreignKeyReason } from './foreign-keys.ts';
import { type InitialTopic, parseInitialTopics } from './initial-topics.ts';
import { isListenerKey } from './listener-configs.ts';
import { nearestName } from './text.ts';

export interface EnvironmentConfig {
  /** Key, value, and the variable it came from. */
  readonly values: { key: string; value: string; variable: string }[];
  readonly initialTopics: readonly InitialTopic[];
  /** Of CLUSTER_ID, which the images format a new data folder with. */
  readonly clusterId: string | undefined;
  /** Worth telling, one line each. */
  readonly warnings: string[];
  /** What stops the start, one line each. */
  readonly problems: string[];
}

/** Variables of the images' own scripts, of the JVM, and of Kubernetes' service links: no word about them. */
const QUIET_VARIABLES =
  /^KAFKA_(HEAP_OPTS|OPTS|HOME|VERSION|DEBUG|CLASSPATH|CLUSTERS_.*|JMX_.*|GC_.*|JVM_.*|LOG4J.*|TOOLS_LOG4J.*|ENABLE_KRAFT|KRAFT_.*|VOLUME_DIR|BASE_DIR|CONF_DIR|DATA_DIR|MOUNTED_CONF_DIR|DAEMON_.*|CERTIFICATE.*|INITSCRIPTS_DIR|CREATE_TOPICS_SEPARATOR|SERVICE_.*|PORT_\d+_.*|CFG_FILE|SKIP_.*|START_TIMEOUT|RESTART_ATTEMPTS|NODE_ID_COMMAND)$/;

const SECURITY_VARIABLES =
  /^KAFKA_(CLIENT_(USERS|PASSWORDS|LISTENER_NAME)|INTER_BROKER_(USER|PASSWORD)|CONTROLLER_(USER|PASSWORD)|TLS_.*)$/;

export function readEnvironment(
  environment: Readonly<Record<string, string | undefined>>,
): EnvironmentConfig {
  const values: EnvironmentConfig['values'] = [];
  const warnings: string[] = [];
  const problems: string[] = [];
  let initialTopics: readonly InitialTopic[] = [];
  for (const [variable, value] of sortedVariables(environment)) {
    if (variable === 'KAFKA_CREATE_TOPICS') {
      const separator = environment.KAFKA_CREATE_TOPICS_SEPARATOR;
      const parsed = parseInitialTopics(value, separator);
      initialTopics = parsed.topics;
      problems.push(...parsed.problems);
      continue;
    }
    if (QUIET_VARIABLES.test(variable) || /^tcp:\/\//.test(value)) continue;
    if (SECURITY_VARIABLES.test(variable)) {
      warnings.push(
        `${variable} is accepted, has no effect: set the keys of Kafka instead, listeners, sasl.* and ssl.*, as in KAFKA_CFG_SSL_KEYSTORE_LOCATION`,
      );
      continue;
    }
    const key = keyOf(variable);
    if (isKey(key)) values.push({ key, value, variable });
    else warnings.push(...warningOf(variable, key));
  }
  return {
    values,
    initialTopics,
    clusterId: environment.CLUSTER_ID || environment.KAFKA_KRAFT_CLUSTER_ID || undefined,
    warnings,
    problems,
  };
}

/** Bitnami's prefix comes last and so wins over the plain one. */
function sortedVariables(environment: Readonly<Record<string, string | undefined>>): [string, string][] {
  const ours = Object.entries(environment).filter(
    (entry): entry is [string, string] => entry[0].startsWith('KAFKA_') && entry[1] !== undefined,
  );
  return ours.sort(([left], [right]) => {
    return (
      Number(left.startsWith('KAFKA_CFG_')) - Number(right.startsWith('KAFKA_CFG_')) ||
      (left < right ? -1 : 1)
    );
  });
}

/** KAFKA_LOG_DIRS is log.dirs; two underscores stand for one, three for a dash. */
export function keyOf(variable: string): string {
  const letters = variable.replace(/^KAFKA_(CFG_)?/, '').toLowerCase();
  return letters.replace(/_+/g, (run) => ({ 1: '.', 2: '_', 3: '-' })[run.length] ?? run);
}

/** The keys of brokers that Kafka 2 dropped and wurstmeister's image still sets. */
const ADDRESS_KEYS = ['host.name', 'port', 'advertised.host.name', 'advertised.port'];

function isKey(key: string): boolean {
  return (
    Object.hasOwn(brokerConfigDefinitions, key) ||
    isListenerKey(key) ||
    isProviderKey(key) ||
    ADDRESS_KEYS.includes(key) ||
    foreignKeyReason(key) !== undefined
  );
}

/** Other programs have variables like KAFKA_BROKERS, so only what is nearly a key is worth a warning. */
function warningOf(variable: string, key: string): string[] {
  const nearest = nearestName(key, Object.keys(brokerConfigDefinitions));
  if (nearest === undefined) return [];
  const meant = `${variable.startsWith('KAFKA_CFG_') ? 'KAFKA_CFG_' : 'KAFKA_'}${nearest.toUpperCase().replaceAll('_', '__').replaceAll('.', '_')}`;
  return [`${variable} stands for the key ${key}, which does not exist (did you mean ${meant}?)`];
}
