//! Futures of several futures, and the reverse.

use std::cell::Cell;
use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::rc::Rc;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;

use crate::runtime;
use crate::{Error, Result, Status, sleep};

/// Runs a future beside the one that spawns it, as a part of the same call. It is dropped
/// with its handle.
///
/// An [`Op`](crate::Op) runs without being spawned.
///
/// # Panics
///
/// Outside a task.
pub fn spawn<F>(future: F) -> Spawned<F::Output>
where
    F: Future + 'static,
    F::Output: 'static,
{
    let end = Rc::new(End { output: Cell::new(None), waker: Cell::new(None) });
    let there = end.clone();
    let work = Box::pin(async move {
        there.output.set(Some(future.await));
        if let Some(waker) = there.waker.take() {
            waker.wake();
        }
        Ok(Vec::new())
    });
    let id = runtime::spawn(work).expect("wexec: spawn outside a task");
    Spawned { id, end }
}

/// The handle of a future that was spawned. It can be awaited once.
#[must_use = "the future is dropped with its handle"]
pub struct Spawned<T> {
    id: u32,
    end: Rc<End<T>>,
}

struct End<T> {
    output: Cell<Option<T>>,
    waker: Cell<Option<Waker>>,
}

impl<T> Future for Spawned<T> {
    type Output = T;

    fn poll(self: Pin<&mut Self>, context: &mut Context) -> Poll<T> {
        match self.end.output.take() {
            Some(output) => Poll::Ready(output),
            None => {
                self.end.waker.set(Some(context.waker().clone()));
                Poll::Pending
            }
        }
    }
}

impl<T> Drop for Spawned<T> {
    fn drop(&mut self) {
        runtime::cancel(self.id);
    }
}

/// Runs many futures at once, and returns their outputs in the order of the futures. It
/// polls only those that were woken.
pub async fn join_all<I>(futures: I) -> Vec<<I::Item as Future>::Output>
where
    I: IntoIterator,
    I::Item: Future,
{
    let mut running: Vec<_> = futures.into_iter().map(|future| Some(Box::pin(future))).collect();
    let mut outputs: Vec<_> = running.iter().map(|_| None).collect();
    let woken = Arc::new(Woken { ready: Mutex::new((0..running.len()).collect()), waker: Mutex::new(None) });
    let wakers: Vec<Waker> =
        (0..running.len()).map(|index| Waker::from(Arc::new(One { index, all: woken.clone() }))).collect();
    let mut left = running.len();
    poll_fn(|context| {
        *lock(&woken.waker) = Some(context.waker().clone());
        let ready = std::mem::take(&mut *lock(&woken.ready));
        for index in ready {
            let Some(future) = &mut running[index] else { continue };
            if let Poll::Ready(output) = future.as_mut().poll(&mut Context::from_waker(&wakers[index])) {
                (running[index], outputs[index]) = (None, Some(output));
                left -= 1;
            }
        }
        if left == 0 { Poll::Ready(()) } else { Poll::Pending }
    })
    .await;
    outputs.into_iter().flatten().collect()
}

/// Which futures of a [`join_all`] were woken, and what polls them.
struct Woken {
    ready: Mutex<Vec<usize>>,
    waker: Mutex<Option<Waker>>,
}

struct One {
    index: usize,
    all: Arc<Woken>,
}

impl Wake for One {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        lock(&self.all.ready).push(self.index);
        let waker = lock(&self.all.waker).clone();
        if let Some(waker) = waker {
            waker.wake();
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
}

/// The output of the first of two futures, see [`select`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Either<A, B> {
    /// The first future was first.
    First(A),
    /// The second future was first.
    Second(B),
}

/// Runs two futures at once until one ends, and drops the other. If both have ended, it
/// returns the first one's output.
pub async fn select<A: Future, B: Future>(first: A, second: B) -> Either<A::Output, B::Output> {
    let mut first = pin!(first);
    let mut second = pin!(second);
    poll_fn(|context| {
        if let Poll::Ready(output) = first.as_mut().poll(context) {
            return Poll::Ready(Either::First(output));
        }
        second.as_mut().poll(context).map(Either::Second)
    })
    .await
}

/// Runs a future for so long at most. Then it is dropped, and the result is an error with
/// status `timeout`.
pub async fn timeout<T>(time: Duration, future: impl Future<Output = Result<T>>) -> Result<T> {
    match select(future, sleep(time)).await {
        Either::First(result) => result,
        Either::Second(Ok(())) => Err(Error::of(Status::TIMEOUT, format!("it took more than {time:?}"))),
        Either::Second(Err(error)) => Err(error),
    }
}
