// npm run -s golden -- FILE...: compares our codecs with golden files, plain or gzipped JSON lines that Apache Kafka's own
// classes wrote. Prints what differs, last one line `N passed, N failed`, and exits 1 if anything failed.

import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { checkGoldenLine } from '../packages/protocol/src/golden.ts';

const GZIP_MAGIC = 0x1f8b;

function readLines(file: string): string[] {
  const bytes = readFileSync(file);
  const isGzip = bytes.length >= 2 && bytes.readUInt16BE(0) === GZIP_MAGIC;
  return (isGzip ? gunzipSync(bytes) : bytes).toString('utf8').split('\n');
}

function main(files: readonly string[]): number {
  let passed = 0;
  let failed = 0;
  const fail = (where: string, what: string) => {
    failed++;
    console.log(`${where}: ${what}`);
  };
  for (const file of files) {
    let lines: string[];
    try {
      lines = readLines(file);
    } catch (error) {
      fail(file, `cannot be read: ${error instanceof Error ? error.message : error}`);
      continue;
    }
    for (const [index, line] of lines.entries()) {
      if (line.trim() === '') continue;
      const where = `${file}:${index + 1}`;
      try {
        const { subject, differences } = checkGoldenLine(line);
        if (differences.length === 0) passed++;
        else fail(where, `${subject}: ${differences.join('; ')}`);
      } catch (error) {
        fail(where, `is not a golden line: ${error instanceof Error ? error.message : error}`);
      }
    }
  }
  console.log(`${passed} passed, ${failed} failed`);
  return failed > 0 ? 1 : 0;
}

const files = process.argv.slice(2);
if (files.length === 0) {
  console.error('Usage: npm run -s golden -- FILE... (golden files as JSON lines, plain or gzipped)');
  process.exitCode = 2;
} else {
  process.exitCode = main(files);
}
