// XXH3 with 64 bits, seed 0 and the secret that its authors chose: in JavaScript, for where the native library cannot be loaded.
// A group hashes few bytes, and only when its topics change.

const MASK = 0xffff_ffff_ffff_ffffn;
const LOW = 0xffff_ffffn;

const PRIME32_1 = 0x9e37_79b1n;
const PRIME32_2 = 0x85eb_ca77n;
const PRIME32_3 = 0xc2b2_ae3dn;
const PRIME64_1 = 0x9e37_79b1_85eb_ca87n;
const PRIME64_2 = 0xc2b2_ae3d_27d4_eb4fn;
const PRIME64_3 = 0x1656_67b1_9e37_79f9n;
const PRIME64_4 = 0x85eb_ca77_c2b2_ae63n;
const PRIME64_5 = 0x27d4_eb2f_1656_67c5n;
const MIX_1 = 0x1656_6791_9e37_79f9n;
const MIX_2 = 0x9fb2_1c65_1e98_df25n;

const SECRET = Buffer.from(
  'b8fe6c3923a44bbe7c01812cf721ad1cded46de9839097db7240a4a4b7b3671fcb79e64eccc0e578825ad07dccff7221' +
    'b8084674f743248ee03590e6813a264c3c2852bb91c300cb88d0658b1b532ea371644897a20df94e3819ef46a9deacd8' +
    'a8fa763fe39c343ff9dcbbc7c70b4f1d8a51e04bcdb45931c89f7ec9d9787364eac5ac8334d3ebc3c581a0fffa1363eb' +
    '170ddd51b7f0da49d316552629d4689e2b16be587d47a1fc8ff8b8d17ad031ce45cb3a8f95160428afd7fbcabb4b407e',
  'hex',
);

const STRIPE_BYTES = 64;
const STRIPES_PER_BLOCK = (SECRET.length - STRIPE_BYTES) / 8;
const BLOCK_BYTES = STRIPE_BYTES * STRIPES_PER_BLOCK;

/** As an unsigned integer. */
export function xxh3(bytes: Uint8Array): bigint {
  const input = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  if (input.length <= 16) return hashTiny(input);
  if (input.length <= 128) return hashShort(input);
  if (input.length <= 240) return hashMedium(input);
  return hashLong(input);
}

function secret64(at: number): bigint {
  return SECRET.readBigUInt64LE(at);
}

/** The product's two halves, laid over each other. */
function fold(left: bigint, right: bigint): bigint {
  const product = left * right;
  return (product & MASK) ^ (product >> 64n);
}

function rotate(value: bigint, bits: bigint): bigint {
  return ((value << bits) & MASK) | (value >> (64n - bits));
}

function avalanche(value: bigint): bigint {
  let hash = value & MASK;
  hash = ((hash ^ (hash >> 37n)) * MIX_1) & MASK;
  return hash ^ (hash >> 32n);
}

/** The older XXH64's. */
function avalanche64(value: bigint): bigint {
  let hash = ((value ^ (value >> 33n)) * PRIME64_2) & MASK;
  hash = ((hash ^ (hash >> 29n)) * PRIME64_3) & MASK;
  return hash ^ (hash >> 32n);
}

function mix16(input: Buffer, at: number, secretAt: number): bigint {
  return fold(
    input.readBigUInt64LE(at) ^ secret64(secretAt),
    input.readBigUInt64LE(at + 8) ^ secret64(secretAt + 8),
  );
}

function hashTiny(input: Buffer): bigint {
  const length = input.length;
  if (length > 8) {
    const low = input.readBigUInt64LE(0) ^ secret64(24) ^ secret64(32);
    const high = input.readBigUInt64LE(length - 8) ^ secret64(40) ^ secret64(48);
    const swapped = Buffer.allocUnsafe(8);
    swapped.writeBigUInt64BE(low);
    return avalanche(BigInt(length) + swapped.readBigUInt64LE() + high + fold(low, high));
  }
  if (length >= 4) {
    const word = BigInt(input.readUInt32LE(length - 4)) + (BigInt(input.readUInt32LE(0)) << 32n);
    let hash = word ^ secret64(8) ^ secret64(16);
    hash ^= rotate(hash, 49n) ^ rotate(hash, 24n);
    hash = (hash * MIX_2) & MASK;
    hash ^= (hash >> 35n) + BigInt(length);
    hash = (hash * MIX_2) & MASK;
    return hash ^ (hash >> 28n);
  }
  if (length === 0) return avalanche64(secret64(56) ^ secret64(64));
  const word = (input[0]! << 16) | (input[length >> 1]! << 24) | input[length - 1]! | (length << 8);
  return avalanche64(BigInt((word ^ SECRET.readInt32LE(0) ^ SECRET.readInt32LE(4)) >>> 0));
}

/** From both ends towards the middle. */
function hashShort(input: Buffer): bigint {
  const length = input.length;
  let hash = BigInt(length) * PRIME64_1;
  for (let pair = Math.floor((length - 1) / 32); pair >= 0; pair--) {
    hash += mix16(input, 16 * pair, 32 * pair);
    hash += mix16(input, length - 16 * (pair + 1), 32 * pair + 16);
  }
  return avalanche(hash);
}

function hashMedium(input: Buffer): bigint {
  const length = input.length;
  let hash = BigInt(length) * PRIME64_1;
  for (let round = 0; round < 8; round++) hash += mix16(input, 16 * round, 16 * round);
  hash = avalanche(hash);
  const rounds = Math.floor(length / 16);
  for (let round = 8; round < rounds; round++) hash += mix16(input, 16 * round, 16 * (round - 8) + 3);
  return avalanche(hash + mix16(input, length - 16, 119));
}

function hashLong(input: Buffer): bigint {
  const lanes = [
    ...[PRIME32_3, PRIME64_1, PRIME64_2, PRIME64_3],
    ...[PRIME64_4, PRIME32_2, PRIME64_5, PRIME32_1],
  ];
  const last = input.length - 1;
  const blocks = Math.floor(last / BLOCK_BYTES);
  for (let block = 0; block < blocks; block++) {
    accumulate(lanes, input, block * BLOCK_BYTES, STRIPES_PER_BLOCK);
    scramble(lanes);
  }
  const rest = blocks * BLOCK_BYTES;
  accumulate(lanes, input, rest, Math.floor((last - rest) / STRIPE_BYTES));
  addStripe(lanes, input, input.length - STRIPE_BYTES, SECRET.length - STRIPE_BYTES - 7);
  let hash = BigInt(input.length) * PRIME64_1;
  for (let i = 0; i < 4; i++)
    hash += fold(lanes[2 * i]! ^ secret64(11 + 16 * i), lanes[2 * i + 1]! ^ secret64(19 + 16 * i));
  return avalanche(hash);
}

function accumulate(lanes: bigint[], input: Buffer, start: number, stripes: number): void {
  for (let stripe = 0; stripe < stripes; stripe++)
    addStripe(lanes, input, start + stripe * STRIPE_BYTES, stripe * 8);
}

function addStripe(lanes: bigint[], input: Buffer, at: number, secretAt: number): void {
  for (let i = 0; i < 8; i++) {
    const value = input.readBigUInt64LE(at + 8 * i);
    const key = value ^ secret64(secretAt + 8 * i);
    lanes[i ^ 1] = (lanes[i ^ 1]! + value) & MASK;
    lanes[i] = (lanes[i]! + (key & LOW) * (key >> 32n)) & MASK;
  }
}

function scramble(lanes: bigint[]): void {
  for (let i = 0; i < 8; i++) {
    const lane = lanes[i]!;
    const key = secret64(SECRET.length - STRIPE_BYTES + 8 * i);
    lanes[i] = ((lane ^ (lane >> 47n) ^ key) * PRIME32_1) & MASK;
  }
}
