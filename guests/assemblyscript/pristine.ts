// Tasks that leave traces in an instance, and tasks that look for them. Tests and
// benchmarks of fresh instances use them.
//
// The guest imports the host functions of abi/SPEC.md directly, without an SDK.
// Only hide allocates, so no other code copies a secret.

namespace wexec {
  @external("wexec/v1", "input")
  export declare function input(call: i32, dst: usize, cap: u32, off: u32): u32;
  @external("wexec/v1", "output")
  export declare function output(call: i32, ptr: usize, len: u32): void;
  @external("wexec/v1", "fail")
  export declare function fail(call: i32, code: i32, ptr: usize, len: u32): void;
}

@external("wasi_snapshot_preview1", "random_get")
declare function random_get(ptr: usize, len: u32): i32;

const PAGE = 65536;
const INVALID_INPUT = -10;

const TEXT = memory.data(64);
const SECRET_MAX: u32 = 1024;
const SECRET = memory.data(SECRET_MAX);

// ---- Input and output ----

function fail(call: i32, code: i32, ascii: string): void {
  for (let i = 0; i < ascii.length; i++) store<u8>(TEXT + i, ascii.charCodeAt(i));
  wexec.fail(call, code, TEXT, ascii.length);
}

function outputDecimal(call: i32, n: u32): void {
  const end = TEXT + 10;
  let at = end;
  do {
    store<u8>(--at, 0x30 + n % 10);
    n /= 10;
  } while (n != 0);
  wexec.output(call, at, <u32>(end - at));
}

function outputHex(call: i32, bits: u64): void {
  for (let i = 0; i < 16; i++) {
    const digit = <u8>(bits >> (60 - 4 * i)) & 15;
    store<u8>(TEXT + i, digit < 10 ? 0x30 + digit : 0x61 - 10 + digit);
  }
  wexec.output(call, TEXT, 16);
}

// Reads the call's input into SECRET and returns its length. If that is not a
// valid length of a secret, fails the call and returns 0.
function readSecret(call: i32): u32 {
  const len = wexec.input(call, SECRET, SECRET_MAX, 0);
  if (len >= 1 && len <= SECRET_MAX) return len;
  fail(call, INVALID_INPUT, "a secret is 1 to 1024 bytes");
  return 0;
}

// ---- Traces ----

const HIDEOUT_SIZE: u32 = 8192;
const HIDEOUT = memory.data(HIDEOUT_SIZE);
const BLOCKS = 16;
const BLOCK_SIZE = 1024;
const PAGES = 4;

let first8: u64 = 0;
let next8: u64 = 0;

// Outputs how many copies a later seek will find. The copy at SECRET does not
// count, because the input of seek overwrites it. The heap considers the new pages
// its own, so a later call may overwrite some of them.
function hide(call: i32): void {
  const len = readSecret(call);
  if (len == 0) return;

  first8 = word(0, len);
  next8 = word(8, len);
  let copies: u32 = len > 8 ? 2 : 1;

  copies += fill(HIDEOUT, HIDEOUT_SIZE, len);
  for (let i = 0; i < BLOCKS; i++) copies += fill(heap.alloc(BLOCK_SIZE), BLOCK_SIZE, len);
  const page = memory.grow(PAGES);
  if (page >= 0) copies += fill(<usize>page * PAGE, PAGES * PAGE, len);
  outputDecimal(call, copies);
}

// Returns up to 8 bytes of the secret, starting at an index.
function word(from: u32, len: u32): u64 {
  let bits: u64 = 0;
  for (let i: u32 = 0; i < 8 && from + i < len; i++) {
    bits |= <u64>load<u8>(SECRET + from + i) << (8 * i);
  }
  return bits;
}

// Fills memory with whole copies of the secret, and returns how many fit.
function fill(at: usize, size: u32, len: u32): u32 {
  const copies = size / len;
  for (let i: u32 = 0; i < copies; i++) memory.copy(at + i * len, SECRET, len);
  return copies;
}

// The input is the masked secret. Comparing byte by byte makes no copy of the
// secret itself. Memory that overlaps the input is skipped, because it holds no
// trace.
function seek(call: i32): void {
  const len = readSecret(call);
  if (len == 0) return;

  let found: u32 = 0;
  if (isWord(first8, 0, len)) found++;
  if (isWord(next8, 8, len)) found++;

  // 64 bits, because the end of a memory of 4 GiB does not fit into 32.
  const end = <u64>memory.size() * PAGE;
  let at: u64 = 0;
  while (at + len <= end) {
    if (at + len > SECRET && at < SECRET + len) {
      at = SECRET + len;
    } else if (isCopy(<usize>at, len)) {
      found++;
      at += len;
    } else {
      at++;
    }
  }
  outputDecimal(call, found);
}

function unmasked(i: u32): u8 {
  return load<u8>(SECRET + i) ^ 0x55;
}

function isWord(bits: u64, from: u32, len: u32): bool {
  if (from >= len) return false;
  for (let i: u32 = 0; i < 8 && from + i < len; i++) {
    if (<u8>(bits >> (8 * i)) != unmasked(from + i)) return false;
  }
  return true;
}

function isCopy(at: usize, len: u32): bool {
  for (let i: u32 = 0; i < len; i++) {
    if (load<u8>(at + i) != unmasked(i)) return false;
  }
  return true;
}

// Math.random gets its seed here on first use. The build passes this function in
// place of the import env.seed.
function wasiSeed(): f64 {
  if (random_get(TEXT, 8) != 0) unreachable();
  return load<f64>(TEXT);
}

// ---- Ways to end ----

function spin(): void {
  while (true) {}
}

function grow(): void {
  const step = 16;
  while (true) {
    const page = memory.grow(step);
    if (page < 0) unreachable();
    for (let i = 0; i < step; i++) store<u8>(<usize>(page + i) * PAGE, 1);
  }
}

// In the order of manifest.mjs.
enum Task { noop, noop_io, noop_cpu, hide, seek, size, random, fail, trap, spin, grow }

export function wexec_call(task: Task, call: i32): void {
  switch (task) {
    case Task.noop:
    case Task.noop_io:
    case Task.noop_cpu: return wexec.output(call, 0, 0);
    case Task.hide: return hide(call);
    case Task.seek: return seek(call);
    case Task.size: return outputDecimal(call, memory.size());
    case Task.random: return outputHex(call, reinterpret<u64>(Math.random()));
    case Task.fail: return fail(call, 7, "told to fail");
    case Task.trap: unreachable();
    case Task.spin: return spin();
    case Task.grow: return grow();
  }
}
