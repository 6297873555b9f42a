//! Tasks that leave traces in an instance, and tasks that look for them. Tests
//! and benchmarks of fresh instances use them.

use std::arch::wasm32;
use std::hash::{BuildHasher, RandomState};
use std::hint::black_box;
use std::{ptr, slice};

use wexec::{Error, Result};

wexec::tasks! {
    /// Does nothing.
    blocking noop,
    /// Does nothing.
    io noop as "noop_io",
    /// Does nothing.
    cpu noop as "noop_cpu",
    /// Leaves copies of its input all over memory.
    /// Input: a secret. Output: how many copies.
    cpu hide,
    /// Counts the copies of a secret in memory.
    /// Input: the secret, every byte XOR 0x55. Output: how many copies.
    cpu seek,
    /// Outputs how many pages of memory there are.
    cpu size,
    /// Outputs 8 bytes in hex, which no two instances should share.
    blocking random,
    /// Fails with code 7.
    blocking fail,
    /// Traps.
    cpu trap,
    /// Never ends.
    cpu spin,
    /// Takes memory until there is none, and traps.
    cpu grow,
    /// Exits with code 3.
    blocking exit,
}

fn noop() {}

// ---- Traces ----

const KIB: usize = 1024;
const PAGE: usize = 64 * KIB;

/// Fills the area with whole copies of the secret, and returns how many. Without
/// black_box, the compiler could omit the copies, because nothing reads them.
fn fill(area: &mut [u8], secret: &[u8]) -> usize {
    let copies = area.chunks_exact_mut(secret.len()).map(|copy| copy.copy_from_slice(secret)).count();
    black_box(area);
    copies
}

fn fill_static(secret: &[u8]) -> usize {
    static mut AREA: [u8; 8 * KIB] = [0; 8 * KIB];
    fill(unsafe { &mut *(&raw mut AREA) }, secret)
}

fn fill_heap(secret: &[u8]) -> usize {
    (0..16).map(|_| fill(Box::leak(Box::new([0; KIB])), secret)).sum()
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
fn hide(secret: Vec<u8>) -> Result<usize> {
    let secret = secret.leak();
    if secret.is_empty() {
        return Err(Error::fail(1, "the secret is empty"));
    }
    let fills = [fill_static, fill_heap, fill_stack, fill_grown];
    Ok(fills.iter().map(|fill| fill(secret)).sum::<usize>() + 1)
}

/// Unmasks one byte at a time, in a register. It never writes the secret to
/// memory, so every copy that it finds was there before.
fn seek(masked: Vec<u8>) -> Result<usize> {
    if masked.is_empty() {
        return Err(Error::fail(1, "the secret is empty"));
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
    Ok(addresses.filter(|&address| found_at(address)).count())
}

fn size() -> usize {
    wasm32::memory_size(0)
}

/// std draws the keys with random_get on first use. After that it only counts
/// one of them up, so only the first call in an instance is telling.
fn random() -> Vec<u8> {
    format!("{:016x}", RandomState::new().hash_one(0)).into()
}

// ---- Ends of all kinds ----

fn fail() -> Result<()> {
    Err(Error::fail(7, "told to fail"))
}

fn trap() {
    wasm32::unreachable()
}

fn spin() {
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
fn grow() {
    while let Some(pages) = grow_by(16) {
        pages.iter_mut().step_by(PAGE).for_each(|byte| *byte = 1);
        black_box(pages);
    }
    wasm32::unreachable()
}

fn exit() {
    std::process::exit(3)
}
