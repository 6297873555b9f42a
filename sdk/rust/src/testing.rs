//! A host for unit tests. Outside a guest, tasks run under plain `cargo test`: the fake host
//! skips sleeps, and answers other ops as the test says.
//!
//! ```
//! use std::time::Duration;
//! use wexec::testing::Host;
//!
//! async fn slow_double(n: u64) -> wexec::Result<u64> {
//!     wexec::sleep(Duration::from_secs(3600)).await?;
//!     wexec::call("double", n).await
//! }
//!
//! let host = Host::new().task("double", |n: u64| Ok(2 * n));
//! assert_eq!(host.run(|| slow_double(21)), Ok(42));
//! assert_eq!(host.elapsed(), Duration::from_secs(3600));
//! ```

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, VecDeque};
use std::future::Future;
use std::rc::Rc;
use std::time::Duration;

use crate::http::{self, Request, Response};
use crate::json::Reader;
use crate::raw::capability;
use crate::sys::Event;
use crate::value::{Input, Output};
use crate::{Error, Level, Result, Status, runtime};

/// A host that is a script.
#[derive(Default)]
pub struct Host {
    answers: Rc<RefCell<Vec<Answer>>>,
    latency: Duration,
    seen: Rc<RefCell<Seen>>,
}

/// Answers an op, if it is one that it knows.
type Answer = Box<dyn Fn(&str, &[u8]) -> Option<Result<Vec<u8>>>>;

#[derive(Default)]
struct Seen {
    elapsed: Duration,
    emitted: Vec<u8>,
    progress: Vec<String>,
    log: Vec<(Level, String)>,
}

impl Host {
    /// A host that sleeps, and denies all other ops.
    pub fn new() -> Self {
        Self::default()
    }

    /// Answers the ops of a capability. They may also be those of a stream.
    pub fn op(self, capability: &str, answer: impl Fn(&[u8]) -> Result<Vec<u8>> + 'static) -> Self {
        let name = capability.to_owned();
        self.answer(move |asked, argument| (asked == name).then(|| answer(argument)))
    }

    /// Answers requests whose URL begins with this.
    pub fn fetch(self, url: &str, answer: impl Fn(Request) -> Result<Response> + 'static) -> Self {
        let url = url.to_owned();
        self.answer(move |asked, argument| {
            let request = (asked == capability::HTTP_FETCH).then(|| Request::parse(argument).ok())??;
            request.url.starts_with(&url).then(|| Ok(answer(request)?.message()))
        })
    }

    /// Answers calls of a task, of any module.
    pub fn task<I: Input, O: Output>(self, name: &str, answer: impl Fn(I) -> Result<O> + 'static) -> Self {
        let name = name.to_owned();
        self.answer(move |asked, argument| {
            let (head, body) = (asked == capability::TASK_CALL).then(|| http::split(argument))?;
            let called: TaskHead = Reader::whole(head).ok()?;
            (called.task == name).then(|| answer(I::decode(body.to_vec())?)?.encode())
        })
    }

    /// Sets a value that [`config`](crate::config) gets.
    pub fn config(self, name: &str, value: &str) -> Self {
        let (name, result) = (name.to_owned(), [b"\x01", value.as_bytes()].concat());
        self.answer(move |asked, argument| {
            (asked == capability::CONFIG_GET && argument == name.as_bytes()).then(|| Ok(result.clone()))
        })
    }

    fn answer(self, answer: impl Fn(&str, &[u8]) -> Option<Result<Vec<u8>>> + 'static) -> Self {
        self.answers.borrow_mut().push(Box::new(answer));
        self
    }

    /// Makes each op that is answered take so long.
    pub fn latency(mut self, time: Duration) -> Self {
        self.latency = time;
        self
    }

    /// Runs a function as a task, to its end.
    ///
    /// # Panics
    ///
    /// If the task waits for something that can't happen.
    pub fn run<F>(&self, task: impl FnOnce() -> F + 'static) -> F::Output
    where
        F: Future + 'static,
        F::Output: 'static,
    {
        let output = Rc::new(Cell::new(None));
        let there = output.clone();
        let work = Box::pin(async move {
            there.set(Some(task().await));
            Ok(Vec::new())
        });
        *self.seen.borrow_mut() = Seen::default();
        RUN.with_borrow_mut(|run| {
            assert!(run.is_none(), "wexec: Host::run within Host::run");
            *run = Some(Run::new(self));
        });
        let _end = EndRun;
        runtime::begin(CALL, work);
        loop {
            let again = runtime::resume(&[]);
            if let Some(output) = output.take() {
                return output;
            }
            let advanced = with(Run::advance);
            assert!(again || advanced, "wexec: the task waits for ever");
        }
    }

    /// How much time the last run took, all of which was skipped.
    pub fn elapsed(&self) -> Duration {
        self.seen.borrow().elapsed
    }

    /// What the last run has emitted.
    pub fn emitted(&self) -> Vec<u8> {
        self.seen.borrow().emitted.clone()
    }

    /// The reports of progress of the last run, as JSON.
    pub fn progress(&self) -> Vec<String> {
        self.seen.borrow().progress.clone()
    }

    /// What the last run has logged.
    pub fn log(&self) -> Vec<(Level, String)> {
        self.seen.borrow().log.clone()
    }
}

crate::object! {
    struct TaskHead {
        task: String,
    }
}

/// The handle of a run's call.
const CALL: u32 = 1;

/// A run of a host.
struct Run {
    answers: Rc<RefCell<Vec<Answer>>>,
    latency: Duration,
    seen: Rc<RefCell<Seen>>,
    now: Duration,
    ops: BTreeMap<u32, FakeOp>,
    events: VecDeque<Event>,
    last: u32, // handle
}

struct FakeOp {
    ends: Duration,
    over: bool,
    result: Result<Vec<u8>>,
}

impl FakeOp {
    fn status(&self) -> Status {
        self.result.as_ref().err().map_or(Status::OK, |error| error.status)
    }

    fn bytes(&self) -> &[u8] {
        match &self.result {
            Ok(bytes) => bytes,
            Err(error) => error.message.as_bytes(),
        }
    }
}

thread_local! {
    static RUN: RefCell<Option<Run>> = const { RefCell::new(None) };
}

/// Ends a run when it is dropped.
struct EndRun;

impl Drop for EndRun {
    fn drop(&mut self) {
        let run = RUN.with_borrow_mut(Option::take);
        drop(run);
    }
}

fn with<T>(f: impl FnOnce(&mut Run) -> T) -> T {
    RUN.with_borrow_mut(|run| {
        f(run.as_mut().expect("wexec: a task runs in a guest, or by testing::Host::run"))
    })
}

impl Run {
    fn new(host: &Host) -> Self {
        Self {
            answers: host.answers.clone(),
            latency: host.latency,
            seen: host.seen.clone(),
            now: Duration::ZERO,
            ops: BTreeMap::new(),
            events: VecDeque::new(),
            last: 0,
        }
    }

    /// Ends the op that ends next, and lets the time until then pass.
    fn advance(&mut self) -> bool {
        let running = self.ops.iter_mut().filter(|(_, op)| !op.over);
        let Some((handle, op)) = running.min_by_key(|(_, op)| op.ends) else { return false };
        op.over = true;
        self.now = self.now.max(op.ends);
        self.seen.borrow_mut().elapsed = self.now;
        let (detail, len) = (op.status().0, op.bytes().len() as u32);
        self.events.push_back(Event { kind: Event::OP, handle: *handle, detail, len });
        true
    }
}

fn start(name: &str, argument: &[u8]) -> u32 {
    let answers = with(|run| run.answers.clone());
    let answer = match name {
        capability::CLOCK_SLEEP => Some(Ok(Vec::new())),
        _ => answers.borrow().iter().find_map(|answer| answer(name, argument)),
    };
    with(|run| {
        let takes = match argument.first_chunk() {
            Some(nanoseconds) if name == capability::CLOCK_SLEEP => {
                Duration::from_nanos(u64::from_le_bytes(*nanoseconds))
            }
            _ => run.latency,
        };
        let result = answer.unwrap_or_else(|| {
            let head = String::from_utf8_lossy(http::split(argument).0).into_owned();
            Err(Error::of(Status::DENIED, format!("the fake host has no answer to {name} {head}")))
        });
        run.last += 1;
        run.ops.insert(run.last, FakeOp { ends: run.now + takes, over: false, result });
        run.last
    })
}

/// The functions of the host.
pub(crate) mod raw {
    use super::{CALL, start, with};
    use crate::sys::Event;
    use crate::{Error, Level};

    /// # Safety
    ///
    /// The pointer is to so many bytes.
    unsafe fn text(ptr: *const u8, len: u32) -> String {
        String::from_utf8_lossy(unsafe { bytes(ptr, len) }).into_owned()
    }

    /// # Safety
    ///
    /// The pointer is to so many bytes.
    unsafe fn bytes<'a>(ptr: *const u8, len: u32) -> &'a [u8] {
        unsafe { std::slice::from_raw_parts(ptr, len as usize) }
    }

    /// # Safety
    ///
    /// The pointer is to `cap` bytes.
    unsafe fn copy(from: &[u8], dst: *mut u8, cap: u32) -> u32 {
        let len = from.len().min(cap as usize);
        if len > 0 {
            unsafe { dst.copy_from_nonoverlapping(from.as_ptr(), len) };
        }
        from.len() as u32
    }

    pub unsafe fn input(_: u32, _: *mut u8, _: u32, _: u32) -> u32 {
        0
    }

    pub unsafe fn output(call: u32, _: *const u8, _: u32) {
        assert_eq!(call, CALL);
    }

    pub unsafe fn fail(call: u32, _: i32, _: *const u8, _: u32) {
        assert_eq!(call, CALL);
    }

    pub unsafe fn emit(_: u32, kind: u32, ptr: *const u8, len: u32) -> u32 {
        let seen = with(|run| run.seen.clone());
        match kind {
            0 => seen.borrow_mut().emitted.extend(unsafe { bytes(ptr, len) }),
            _ => seen.borrow_mut().progress.push(unsafe { text(ptr, len) }),
        }
        1
    }

    pub unsafe fn op_start(_: u32, name: *const u8, name_len: u32, arg: *const u8, arg_len: u32) -> u32 {
        unsafe { start(&text(name, name_len), bytes(arg, arg_len)) }
    }

    pub unsafe fn op_result(op: u32, dst: *mut u8, cap: u32, _: u32) -> u32 {
        with(|run| unsafe { copy(run.ops[&op].bytes(), dst, cap) })
    }

    pub unsafe fn op_code(op: u32) -> u32 {
        with(|run| run.ops[&op].result.as_ref().map_or_else(|error: &Error| error.code as u32, |_| 0))
    }

    pub unsafe fn op_drop(op: u32) {
        with(|run| run.ops.remove(&op));
    }

    pub unsafe fn next(dst: *mut u8, cap: u32) -> u32 {
        with(|run| {
            let taken = run.events.len().min(cap as usize);
            for (i, event) in run.events.drain(..taken).enumerate() {
                unsafe { dst.cast::<Event>().add(i).write(event) };
            }
            taken as u32
        })
    }

    pub unsafe fn log(level: u32, ptr: *const u8, len: u32) {
        let level = [Level::Debug, Level::Info, Level::Warn, Level::Error][level as usize];
        let line = unsafe { text(ptr, len) };
        let seen = with(|run| run.seen.clone());
        seen.borrow_mut().log.push((level, line));
    }
}
