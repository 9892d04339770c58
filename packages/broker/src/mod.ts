// The public entry of @moldau/broker.

export { failedAnswer } from './apis/failed-answer.ts';
export { type BrokerOptions, type RunningBroker, startBroker } from './broker.ts';
export { BrokerConfig } from './config/broker-config.ts';
export { ConfigError } from './config/config-error.ts';
export { isLoopback } from './config/listeners.ts';
export { type LoadedConfig, loadConfig } from './config/load.ts';
export { authenticates } from './config/open-listeners.ts';
export { LOGGER_NAMES, type LoggerName, type LogLevelName } from './monitoring/log-levels.ts';
export type { MonitoringWorld } from './monitoring/monitoring.ts';
export { Pkcs12Error, readPkcs12 } from './security/tls/pkcs12.ts';
export { readTlsSettings } from './security/tls/tls-settings.ts';
