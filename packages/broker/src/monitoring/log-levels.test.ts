import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Logger } from '@moldau/io';
import { LOG_LEVELS, LOGGER_NAMES, LogLevels } from './log-levels.ts';

/** A logger that keeps what it is given. */
function remembering() {
  const lines: string[] = [];
  const at = (level: string) => (_fields: object, message: string) => void lines.push(`${level} ${message}`);
  const logger: Logger = {
    ...{ debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') },
    isLevelEnabled: () => true,
  };
  return { logger, taken: () => lines.splice(0) };
}

function sayAll(logger: Logger): void {
  logger.debug({}, 'a');
  logger.info({}, 'b');
  logger.warn({}, 'c');
  logger.error({}, 'd');
}

describe('the levels of loggers', () => {
  it('let pass what is as bad as asked for', () => {
    const { logger, taken } = remembering();
    const levels = new LogLevels(logger, 'WARN');
    const passed = (level: (typeof LOG_LEVELS)[number]) => {
      levels.set('network', level);
      sayAll(levels.of('network'));
      return taken().length;
    };
    assert.deepEqual(LOG_LEVELS.map(passed), [0, 1, 2, 3, 4, 4]);
  });

  it('are those of root where there is none', () => {
    const { logger, taken } = remembering();
    const levels = new LogLevels(logger, 'ERROR');
    levels.set('log', 'INFO');
    levels.set('root', 'WARN');
    sayAll(levels.of('apis'));
    assert.deepEqual(taken(), ['warn c', 'error d']);
    sayAll(levels.of('log'));
    assert.deepEqual(taken(), ['info b', 'warn c', 'error d']);
    levels.set('log', undefined);
    sayAll(levels.of('log'));
    assert.deepEqual(taken(), ['warn c', 'error d']);
  });

  it('tell whether costly lines are wanted', () => {
    const levels = new LogLevels(remembering().logger, 'INFO');
    const audit = levels.of('audit');
    assert.equal(audit.isLevelEnabled?.('debug'), false);
    levels.set('audit', 'DEBUG');
    assert.equal(audit.isLevelEnabled?.('debug'), true);
  });

  it('are known of every logger', () => {
    const levels = new LogLevels(remembering().logger, 'INFO');
    levels.set('security', 'DEBUG');
    const all = levels.all();
    assert.equal(all.size, LOGGER_NAMES.length + 1);
    assert.deepEqual([all.get('root'), all.get('security'), all.get('network')], ['INFO', 'DEBUG', 'INFO']);
    assert.ok(levels.has('root') && levels.has('network') && !levels.has('kafka'));
  });
});
