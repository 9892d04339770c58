import assert from 'node:assert/strict';
import { PassThrough } from 'node:stream';
import { test } from 'node:test';
import { parseJson } from '../records/json.ts';
import { Output, type OutputFormat } from './output.ts';

test('whole numbers that no double holds are the same in every format', async () => {
  const written = async (format: OutputFormat): Promise<string> => {
    const stream = new PassThrough();
    await new Output(format, stream).data([{ value: parseJson('{"id":9007199254740993}'), size: 5n }]);
    return String(stream.read());
  };
  assert.equal(await written('ndjson'), '{"value":{"id":9007199254740993},"size":"5"}\n');
  assert.equal(
    (await written('json')).replaceAll(/\s/g, ''),
    '[{"value":{"id":9007199254740993},"size":"5"}]',
  );
  assert.equal(await written('yaml'), '- value:\n    id: 9007199254740993\n  size: "5"\n');
});
