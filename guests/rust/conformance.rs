//! The conformance program in Rust. Every guest language has the same tasks, so that one
//! suite can test them all. Inputs and outputs are raw bytes, with numbers as decimal text.

use std::arch::wasm32;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use wexec::{Error, Level, Op, Request, Result, Stream, call, emit, fetch, op, progress, sleep, spawn};

wexec::tasks! {
    // Bytes in, bytes out.
    /// Outputs its input.
    io echo,
    /// Outputs its input.
    blocking echo as "echo_blocking",
    /// Outputs its input.
    cpu echo as "echo_cpu",
    /// Does nothing.
    blocking noop,
    /// Does nothing.
    io noop as "noop_io",
    /// Does nothing.
    cpu noop as "noop_cpu",
    /// Outputs the sum of its input's bytes.
    cpu sum,
    /// Outputs as many bytes as the input says, byte i being i % 251.
    blocking big,
    /// Writes the lines 0, 1, 2 and so on, and then the word end.
    /// Input: how many lines.
    blocking count_out,
    /// Is count_out.
    io count_out as "count_out_io",
    /// Is count_out.
    cpu count_out as "count_out_cpu",
    /// Outputs the number n of its input.
    blocking schema,
    /// Outputs how many calls of it the instance has had.
    blocking counter,

    // Ways to end.
    /// Fails with code 7 and the input in its message.
    blocking fail,
    /// Panics with its input.
    io panics as "panic",
    /// Panics with its input.
    blocking panics as "panic_blocking",
    /// Traps.
    blocking trap,
    /// Traps.
    io trap as "trap_io",
    /// Exits with code 3.
    blocking exit3,
    /// Outputs how many pieces of 1 MiB there is memory for.
    blocking grow,
    /// Never ends.
    blocking forever,
    /// Never ends.
    cpu forever as "forever_cpu",

    // Ops.
    /// Sleeps.
    /// Input: how many milliseconds. Output: slept.
    io nap as "sleep",
    /// Sleeps.
    /// Input: how many milliseconds. Output: slept.
    blocking nap as "sleep_blocking",
    /// Sleeps for an hour.
    io hang,
    /// Sleeps for an hour, and asks for 50 ms.
    blocking hang as "slow" { timeout: Duration::from_millis(50) },
    /// Tries to sleep, which a cpu task must not.
    cpu hang as "await_cpu",
    /// Returns with an op alive, which a guest must not.
    blocking leak_op,
    /// Fails as an op of an unknown capability does.
    io nosuch,
    /// Outputs the body of the page whose URL is the input.
    io page as "fetch",
    /// Sends a body in two pieces, and reads that of the response piece by piece.
    io stream,
    /// Writes the input to a key and a number to another, and deletes both.
    io keys as "kv",
    /// Writes the input to a file, reads it and removes it.
    io one_file as "files",
    /// Calls a task of this module, and ends as it does.
    /// Input: its name, a newline, its input.
    io call_task as "call",
    /// Calls a task of this module, and ends as it does.
    /// Input: its name, a newline, its input.
    blocking call_task as "call_blocking",
    /// Calls sleep many times at once.
    /// Input: how often, a space, how many ms. Output: how often.
    io fan,
    /// Counts the leaves of a tree of calls.
    /// Input: the depth. Output: two to the power of it.
    blocking tree,

    // Output to the log and the standard streams.
    /// Logs its input.
    blocking log,
    /// Prints its input, and a line to standard error.
    blocking print,
}

fn echo(input: Vec<u8>) -> Vec<u8> {
    input
}

fn noop() {}

fn sum(input: Vec<u8>) -> u64 {
    input.into_iter().map(u64::from).sum()
}

fn big(n: usize) -> Vec<u8> {
    (0..n).map(|i| (i % 251) as u8).collect()
}

async fn count_out(n: u64) -> Result<Vec<u8>> {
    for i in 0..n {
        if i % 100 == 0 {
            progress(i, n, "counting \"out\"").await?;
        }
        emit(format!("{i}\n").as_bytes()).await?;
    }
    Ok(b"end".to_vec())
}

wexec::object! {
    struct SchemaInput {
        n: i64,
    }
}

fn schema(input: SchemaInput) -> i64 {
    input.n
}

fn counter() -> u32 {
    static CALLS: AtomicU32 = AtomicU32::new(0);
    CALLS.fetch_add(1, Ordering::Relaxed) + 1
}

fn text(input: Vec<u8>) -> Result<String> {
    Ok(String::from_utf8(input)?)
}

fn fail(input: Vec<u8>) -> Result<()> {
    Err(Error::fail(7, format!("told to fail: {}", text(input)?)))
}

fn panics(input: Vec<u8>) -> Result<()> {
    panic!("{}", text(input)?)
}

fn trap() {
    wasm32::unreachable()
}

fn exit3() {
    std::process::exit(3)
}

/// Then frees the memory, so that the count is the same if the instance is reused.
fn grow() -> usize {
    const PIECE: usize = 1 << 20;
    let mut pieces: Vec<Vec<u8>> = Vec::with_capacity(4096);
    loop {
        let mut piece = Vec::new();
        if pieces.len() == pieces.capacity() || piece.try_reserve_exact(PIECE).is_err() {
            return pieces.len();
        }
        piece.resize(PIECE, 1);
        pieces.push(piece);
    }
}

fn forever() {
    loop {}
}

async fn nap(milliseconds: u64) -> Result<Vec<u8>> {
    sleep(Duration::from_millis(milliseconds)).await?;
    Ok(b"slept".to_vec())
}

fn an_hour() -> Op<()> {
    sleep(Duration::from_secs(60 * 60))
}

async fn hang() -> Result<()> {
    an_hour().await
}

async fn leak_op() {
    std::mem::forget(an_hour());
}

async fn nosuch() -> Result<Vec<u8>> {
    op("no.such", b"").await
}

async fn page(url: Vec<u8>) -> Result<Vec<u8>> {
    Ok(fetch(text(url)?).await?.body)
}

async fn stream(url: Vec<u8>) -> Result<Vec<u8>> {
    let body = Stream::pipe().await?;
    let request = Request::new("POST", &text(url)?).stream(&body);
    let sending = spawn(async move {
        for piece in ["one ", "two"] {
            body.write(piece.as_bytes()).await?;
        }
        body.close().await
    });
    let (_, body) = wexec::http::open(request).await?;
    let page = body.read_to_end().await?;
    body.close().await?;
    sending.await?;
    Ok(page)
}

async fn keys(input: Vec<u8>) -> Result<Vec<u8>> {
    let first = wexec::kv::swap(b"k", &input, 0, None).await?;
    let again = wexec::kv::swap(b"k", b"x", 0, None).await?;
    wexec::kv::add(b"n", 42).await?;
    let mut all = Vec::new();
    let mut entries = wexec::kv::scan(b"", b"").await?;
    while let Some(entry) = entries.next().await? {
        all.extend([&entry.key[..], b"=", &entry.value, b";"].concat());
    }
    let deleted = wexec::kv::delete_version(b"k", first.unwrap_or(0)).await?;
    wexec::kv::delete(b"n").await?;
    let bits = [first.is_some(), again.is_some(), deleted].map(|bit| b'0' + u8::from(bit));
    Ok([&bits[..], b" ", &all].concat())
}

async fn one_file(input: Vec<u8>) -> Result<Vec<u8>> {
    const PATH: &str = "/data/f";
    wexec::files::write(PATH, &input).await?;
    let info = wexec::files::stat(PATH).await?;
    let kind = if info.kind == wexec::files::Kind::File { 4 } else { 0 };
    let mut names = String::new();
    let mut entries = wexec::files::list("/data").await?;
    while let Some(entry) = entries.next().await? {
        names += &entry.name;
    }
    let bytes = wexec::files::read(PATH).await?;
    wexec::files::remove(PATH).await?;
    Ok([format!("{kind} {} {names}=", info.size).as_bytes(), &bytes].concat())
}

async fn call_task(input: Vec<u8>) -> Result<Vec<u8>> {
    let end = input.iter().position(|byte| *byte == b'\n').unwrap_or(input.len());
    let task = String::from_utf8_lossy(&input[..end]);
    call(&task, input.get(end + 1..).unwrap_or_default()).await
}

async fn fan(input: Vec<u8>) -> Result<usize> {
    let input = text(input)?;
    let (n, milliseconds) = input.split_once(' ').ok_or_else(|| Error::fail(1, "want two numbers"))?;
    let sleeps: Vec<Op> = (0..n.parse()?).map(|_| call("sleep", milliseconds.as_bytes())).collect();
    let n = sleeps.len();
    for sleep in sleeps {
        sleep.await?;
    }
    Ok(n)
}

async fn tree(depth: u32) -> Result<u32> {
    if depth == 0 {
        return Ok(1);
    }
    let halves = [call::<u32>("tree", depth - 1), call("tree", depth - 1)];
    let mut leaves = 0;
    for half in halves {
        leaves += half.await?;
    }
    Ok(leaves)
}

fn log(input: Vec<u8>) -> Result<()> {
    wexec::log(Level::Info, &text(input)?);
    Ok(())
}

fn print(input: Vec<u8>) -> Result<()> {
    println!("{}", text(input)?);
    eprintln!("a line on stderr");
    Ok(())
}
