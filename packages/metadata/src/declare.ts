// The combinators that records are declared with.

export { data } from '../../protocol/src/message.ts';
export { array, int8, int16, int32, int64, string, struct, uuid } from '../../protocol/src/schema.ts';
