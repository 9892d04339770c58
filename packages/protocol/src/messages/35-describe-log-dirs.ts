// DescribeLogDirs (API 35): tells the size of partitions in each log directory (KIP-113), and its volume's
// (KIP-827).

import { type Infer, request, response } from '../message.ts';
import { array, bool, int16, int32, int64, string } from '../schema.ts';

export const describeLogDirsRequest = request(
  'DescribeLogDirsRequest',
  35,
  { versions: [0, 5], flexibleSince: 2 },
  () => ({
    topics: array({
      topic: string,
      partitions: array(int32),
    }).nullable(),
  }),
);
export type DescribeLogDirsRequest = Infer<typeof describeLogDirsRequest>;

export const describeLogDirsResponse = response(
  'DescribeLogDirsResponse',
  35,
  { versions: [0, 5], flexibleSince: 2 },
  () => ({
    throttleTimeMs: int32.default(0),
    errorCode: int16.since(3),
    results: array({
      errorCode: int16,
      logDir: string,
      topics: array({
        name: string,
        partitions: array({
          partitionIndex: int32,
          partitionSize: int64,
          offsetLag: int64,
          isFutureKey: bool,
        }),
      }),
      totalBytes: int64.since(4, -1),
      usableBytes: int64.since(4, -1),
      isCordoned: bool.since(5, false),
    }),
  }),
);
export type DescribeLogDirsResponse = Infer<typeof describeLogDirsResponse>;
