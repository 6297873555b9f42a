use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use crate::raw::capability;
use crate::runtime::{self, current_call};
use crate::sys::{self, Emit, MOST_EMIT};
use crate::value::{Input, Output};
use crate::{Error, Result, Status, json};

/// Something that the host does for a task. It has started already, and it is cancelled
/// when it is dropped. Await it for its result:
///
/// ```
/// # async fn both() -> wexec::Result<u32> {
/// let low = wexec::call::<u32>("primes", 1_000);
/// let high = wexec::call::<u32>("primes", 1_000_000); // both run
/// Ok(low.await? + high.await?)
/// # }
/// ```
#[must_use = "an op is cancelled when it is dropped; await it"]
pub struct Op<T = Vec<u8>> {
    state: State,
    parse: fn(Vec<u8>) -> Result<T>,
}

enum State {
    Started(u32),
    Refused(Box<Error>),
    Taken,
}

impl<T> Op<T> {
    pub(crate) fn start(capability: &str, argument: &[u8], parse: fn(Vec<u8>) -> Result<T>) -> Self {
        match runtime::start_op(capability, argument) {
            Some(handle) => Self { state: State::Started(handle), parse },
            None => {
                let why = format!("wexec: {capability} was started outside a task, or after its end");
                Self::refused(Error::of(Status::CANCELLED, why), parse)
            }
        }
    }

    fn refused(error: Error, parse: fn(Vec<u8>) -> Result<T>) -> Self {
        Self { state: State::Refused(Box::new(error)), parse }
    }
}

impl<T> Future for Op<T> {
    type Output = Result<T>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context) -> Poll<Result<T>> {
        let result = match &self.state {
            State::Started(handle) => match runtime::poll_op(*handle, context.waker()) {
                Poll::Ready(result) => result.and_then(self.parse),
                Poll::Pending => return Poll::Pending,
            },
            State::Refused(error) => Err(Error::clone(error)),
            State::Taken => panic!("wexec: an op is polled after its end"),
        };
        self.end();
        Poll::Ready(result)
    }
}

impl<T> Op<T> {
    fn end(&mut self) {
        if let State::Started(handle) = std::mem::replace(&mut self.state, State::Taken) {
            runtime::drop_op(handle);
        }
    }
}

impl<T> Drop for Op<T> {
    fn drop(&mut self) {
        self.end();
    }
}

/// Starts any capability of the host by its name.
pub fn op(capability: &str, argument: &[u8]) -> Op {
    Op::start(capability, argument, Ok)
}

pub(crate) fn nothing(_: Vec<u8>) -> Result<()> {
    Ok(())
}

/// Ends after a time. Other calls run meanwhile.
pub fn sleep(time: Duration) -> Op<()> {
    Op::start(capability::CLOCK_SLEEP, &nanoseconds(time).to_le_bytes(), nothing)
}

pub(crate) fn nanoseconds(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}

/// Calls a task of this module by its name.
pub fn call<T: Input>(task: &str, input: impl Output) -> Op<T> {
    call_with_head(|head| head.field("task", task), input)
}

/// Calls a task of another module, in any language.
pub fn call_module<T: Input>(module: &str, task: &str, input: impl Output) -> Op<T> {
    call_with_head(|head| head.field("task", task).field("module", module), input)
}

fn call_with_head<T: Input>(
    fill: impl for<'a> FnOnce(json::Object<'a>) -> json::Object<'a>,
    input: impl Output,
) -> Op<T> {
    let mut message = Vec::new();
    fill(json::Object::new(&mut message)).end();
    message.push(b'\n');
    match input.encode() {
        Ok(bytes) => message.extend(bytes),
        Err(error) => return Op::refused(error, T::decode),
    }
    Op::start(capability::TASK_CALL, &message, T::decode)
}

/// A value that the host sets for the module, if there is one of that name.
pub fn config(name: &str) -> Op<Option<String>> {
    Op::start(capability::CONFIG_GET, name.as_bytes(), |bytes| match bytes.split_first() {
        Some((_, value)) => Ok(Some(String::from_utf8(value.to_vec())?)),
        None => Ok(None),
    })
}

/// Outputs bytes before the end of the task. The task's output is all that it emits, in
/// order, and then what it returns. It waits while the reader is behind, which a task of
/// mode cpu does without other calls.
pub async fn emit(bytes: &[u8]) -> Result<()> {
    for chunk in bytes.chunks(MOST_EMIT) {
        send(Emit::Chunk, chunk).await?;
    }
    Ok(())
}

/// Tells how much of a total is done, which is 0 if it is not known, and a message for
/// people, of which the host gets the first 1,024 bytes. It waits as [`emit`] does.
pub async fn progress(done: u64, total: u64, message: &str) -> Result<()> {
    let mut text = Vec::new();
    let message = prefix(message, 1024);
    json::Object::new(&mut text).field("done", &done).field("total", &total).field("message", message).end();
    send(Emit::Progress, &text).await
}

/// At most so many bytes of a text, in whole characters.
fn prefix(text: &str, most: usize) -> &str {
    let mut end = most.min(text.len());
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
}

async fn send(kind: Emit, bytes: &[u8]) -> Result<()> {
    poll_fn(|context| {
        let Some(call) = current_call() else {
            return Poll::Ready(Err(Error::of(
                Status::CANCELLED,
                "wexec: emit outside a task, or after its end",
            )));
        };
        if sys::emit(call, kind, bytes) {
            return Poll::Ready(Ok(()));
        }
        runtime::await_room(call, context.waker());
        Poll::Pending
    })
    .await
}

/// The level of a line of the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// For who debugs the task.
    Debug = 0,
    /// What the host shows by default.
    Info = 1,
    /// Something is odd.
    Warn = 2,
    /// Something has failed.
    Error = 3,
}

/// Writes a line to the host's log.
pub fn log(level: Level, line: &str) {
    sys::log(level as u32, line);
}
