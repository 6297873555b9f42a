//! Tasks that leave traces in an instance, and tasks that look for them. Tests
//! and benchmarks of fresh instances use them.

use std::arch::wasm32;
use std::hash::{BuildHasher, RandomState};
use std::hint::black_box;
use std::{ptr, slice};

// ---- The ABI ----

type Call = u32;

mod host {
    #[link(wasm_import_module = "wexec/v1")]
    unsafe extern "C" {
        pub fn input(call: u32, dst: *mut u8, cap: usize, off: usize) -> usize;
        pub fn output(call: u32, ptr: *const u8, len: usize);
        pub fn fail(call: u32, code: i32, ptr: *const u8, len: usize);
    }
}

fn input(call: Call) -> Vec<u8> {
    unsafe {
        let mut bytes = vec![0; host::input(call, ptr::null_mut(), 0, 0)];
        host::input(call, bytes.as_mut_ptr(), bytes.len(), 0);
        bytes
    }
}

fn output(call: Call, text: &str) {
    unsafe { host::output(call, text.as_ptr(), text.len()) }
}

fn fail_with(call: Call, code: i32, message: &str) {
    unsafe { host::fail(call, code, message.as_ptr(), message.len()) }
}

/// Makes the manifest and the table of functions, in the same order.
macro_rules! tasks {
    ($first:ident $mode:ident $doc:literal $(, $name:ident $modes:ident $docs:literal)* $(,)?) => {
        const MANIFEST: &str = concat!(
            "{\"tasks\": [\n", tasks!(@json $first $mode $doc),
            $(",\n", tasks!(@json $name $modes $docs),)* "\n]}\n"
        );
        static TASKS: &[fn(Call)] = &[$first, $($name),*];
    };
    (@json $name:ident $mode:ident $doc:literal) => {
        concat!(
            "  {\"name\": \"", stringify!($name), "\", \"mode\": \"", stringify!($mode),
            "\", \"doc\": \"", $doc, "\"}"
        )
    };
}

tasks! {
    noop blocking "Does nothing.",
    noop_io io "Does nothing.",
    noop_cpu cpu "Does nothing.",
    hide cpu "Leaves copies of its input all over memory.\\nInput: a secret. Output: how many copies.",
    seek cpu "Counts the copies of a secret in memory.\\nInput: the secret, every byte XOR 0x55. Output: how many copies.",
    size cpu "Outputs how many pages of memory there are.",
    random blocking "Outputs 8 bytes in hex, which no two instances should share.",
    fail blocking "Fails with code 7.",
    trap cpu "Traps.",
    spin cpu "Never ends.",
    grow cpu "Takes memory until there is none, and traps.",
    exit blocking "Exits with code 3.",
}

// A section, not the export: the host reads the manifest without running code.
#[used]
#[unsafe(link_section = "wexec.v1")]
static SECTION: [u8; MANIFEST.len()] = *MANIFEST.as_bytes().first_chunk().unwrap();

#[unsafe(no_mangle)]
extern "C" fn wexec_call(task: usize, call: Call) {
    TASKS[task](call);
}

// ---- Nothing ----

fn noop(call: Call) {
    output(call, "");
}

fn noop_io(call: Call) {
    noop(call);
}

fn noop_cpu(call: Call) {
    noop(call);
}

// ---- Traces ----

const KIB: usize = 1024;
const PAGE: usize = 64 * KIB;

/// Fills the area with whole copies of the secret, and returns how many. Without
/// black_box, the compiler could omit the copies, because nothing reads them.
fn fill(area: &mut [u8], secret: &[u8]) -> usize {
    let copies = area
        .chunks_exact_mut(secret.len())
        .map(|copy| copy.copy_from_slice(secret))
        .count();
    black_box(area);
    copies
}

fn fill_static(secret: &[u8]) -> usize {
    static mut AREA: [u8; 8 * KIB] = [0; 8 * KIB];
    fill(unsafe { &mut *(&raw mut AREA) }, secret)
}

fn fill_heap(secret: &[u8]) -> usize {
    (0..16)
        .map(|_| fill(Box::leak(Box::new([0; KIB])), secret))
        .sum()
}

/// Goes deep first, so that later calls do not overwrite what it leaves.
#[inline(never)]
fn fill_stack(secret: &[u8]) -> usize {
    #[inline(never)]
    fn fill_frame(secret: &[u8]) -> usize {
        fill(&mut [0; 16 * KIB], secret)
    }
    let mut above = [0u8; 8 * KIB];
    black_box(&mut above);
    fill_frame(secret)
}

fn fill_grown(secret: &[u8]) -> usize {
    match grow_by(4) {
        Some(pages) => fill(pages, secret),
        None => 0,
    }
}

/// The input is a copy too. It is leaked, and counted.
fn hide(call: Call) {
    let secret = input(call).leak();
    if secret.is_empty() {
        return fail_with(call, 1, "the secret is empty");
    }
    let fills = [fill_static, fill_heap, fill_stack, fill_grown];
    let copies = fills.iter().map(|fill| fill(secret)).sum::<usize>() + 1;
    output(call, &copies.to_string());
}

/// Unmasks one byte at a time, in a register. It never writes the secret to
/// memory, so every copy that it finds was there before.
fn seek(call: Call) {
    let masked = input(call);
    if masked.is_empty() {
        return fail_with(call, 1, "the secret is empty");
    }
    // Volatile, because only a volatile read may use address 0.
    let found_at = |address: usize| {
        masked.iter().enumerate().all(|(i, byte)| {
            let there = ptr::with_exposed_provenance::<u8>(address + i);
            unsafe { ptr::read_volatile(there) == byte ^ 0x55 }
        })
    };
    // Saturating, because 4 GiB does not fit into a usize.
    let end = wasm32::memory_size(0).saturating_mul(PAGE);
    let addresses = 0..=end - masked.len();
    let copies = addresses.filter(|&address| found_at(address)).count();
    output(call, &copies.to_string());
}

fn size(call: Call) {
    output(call, &wasm32::memory_size(0).to_string());
}

/// std draws the keys with random_get on first use. After that it only counts
/// one of them up, so only the first call in an instance is telling.
fn random(call: Call) {
    output(call, &format!("{:016x}", RandomState::new().hash_one(0)));
}

// ---- Ends of all kinds ----

fn fail(call: Call) {
    fail_with(call, 7, "told to fail");
}

fn trap(_: Call) {
    wasm32::unreachable()
}

fn spin(_: Call) {
    loop {}
}

/// Returns the new pages, or None if the host refuses them.
fn grow_by(pages: usize) -> Option<&'static mut [u8]> {
    let before = wasm32::memory_grow(0, pages);
    if before == usize::MAX {
        return None;
    }
    let start = (before * PAGE) as *mut u8;
    Some(unsafe { slice::from_raw_parts_mut(start, pages * PAGE) })
}

/// Writes to each page, because a host may allocate a page only then.
fn grow(_: Call) {
    while let Some(pages) = grow_by(16) {
        pages.iter_mut().step_by(PAGE).for_each(|byte| *byte = 1);
        black_box(pages);
    }
    wasm32::unreachable()
}

fn exit(_: Call) {
    std::process::exit(3)
}
