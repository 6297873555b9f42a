//! The executor. The guest has one thread; the host enters it when there are events, and
//! it runs what can run.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, RawWaker, RawWakerVTable, Waker, ready};

use crate::sys::{self, Event};
use crate::table::Table;
use crate::task::Task;
use crate::{Error, Result, Status};

/// How a call ends. That of a spawned future is ignored.
pub type Outcome = Result<Vec<u8>>;

/// A future in the executor: of a call, or one that a call has spawned.
pub type Work = Pin<Box<dyn Future<Output = Outcome>>>;

/// What a task is once it has started: a plain function has ended.
pub enum Started {
    /// It has ended.
    Done(Outcome),
    /// It may wait.
    Running(Work),
}

/// How many events are taken at a time.
const BATCH: usize = 64;
/// How many futures a turn polls before it lets the host go on.
const MOST_POLLS: usize = 4096;

/// The state of this instance. Nothing is borrowed while code of a task runs, and that
/// includes wakers and what is dropped.
struct Runtime {
    slots: RefCell<Vec<Slot>>,
    free: RefCell<Vec<u32>>,
    ready: RefCell<VecDeque<u32>>,
    /// The ids of the calls' futures.
    calls: RefCell<Table<u32>>,
    ops: RefCell<Table<OpState>>,
    /// What waits for room for what it emits, by call.
    waiting: RefCell<Vec<(u32, Waker)>>,
    /// The call whose code runs, unless it has ended.
    current: Cell<Option<u32>>,
    /// The events that [`resume`] has taken, which is the only one to use it.
    events: RefCell<[Event; BATCH]>,
    prepared: Cell<bool>,
}

/// A place for a future. Its id is its index, and above that how often the place was
/// used; an id whose count is old is of a future that has ended.
struct Slot {
    work: Option<Work>, // none while it is polled
    call: u32,
    uses: u8,
    queued: bool,
    root: bool, // the future is the call's own
}

const INDEX_BITS: u32 = 24;

fn index_of(id: u32) -> usize {
    (id & ((1 << INDEX_BITS) - 1)) as usize
}

/// An op that was started and not dropped.
pub enum OpState {
    Running(Option<Waker>),
    Ended(Status, u32),
}

thread_local! {
    static RUNTIME: Runtime = const {
        Runtime {
            slots: RefCell::new(Vec::new()),
            free: RefCell::new(Vec::new()),
            ready: RefCell::new(VecDeque::new()),
            calls: RefCell::new(Table::new()),
            ops: RefCell::new(Table::new()),
            waiting: RefCell::new(Vec::new()),
            current: Cell::new(None),
            events: RefCell::new([Event::NONE; BATCH]),
            prepared: Cell::new(false),
        }
    };
}

/// Takes the events of the host, and runs what can run. It returns whether there is more.
pub fn resume(tasks: &[Task]) -> bool {
    RUNTIME.with(|r| {
        if !r.prepared.replace(true) {
            r.prepare();
        }
        let mut events = r.events.borrow_mut();
        let mut polls = 0;
        loop {
            let taken = sys::next(&mut *events);
            for event in &events[..taken] {
                r.deliver(tasks, event);
            }
            polls += taken;
            while polls < MOST_POLLS {
                let Some(id) = r.dequeue() else { break };
                r.poll(id);
                polls += 1;
            }
            if taken < BATCH || polls >= MOST_POLLS {
                return !r.ready.borrow().is_empty();
            }
        }
    })
}

/// The call whose code runs, unless it has ended.
pub fn current_call() -> Option<u32> {
    RUNTIME.with(|r| r.current.get())
}

/// Runs a future as one of the current call's.
pub fn spawn(work: Work) -> Option<u32> {
    let call = current_call()?;
    RUNTIME.with(|r| {
        let id = r.add(call, false, work);
        r.enqueue(id);
        Some(id)
    })
}

/// Drops a future, if it is still there.
pub fn cancel(id: u32) {
    let dropped = RUNTIME.with(|r| r.remove(id));
    drop(dropped);
}

/// Starts an op, or returns none outside a call.
pub fn start_op(capability: &str, argument: &[u8]) -> Option<u32> {
    let call = current_call()?;
    let handle = sys::op_start(call, capability, argument);
    RUNTIME.with(|r| r.ops.borrow_mut().put(handle, OpState::Running(None)));
    Some(handle)
}

/// Returns how an op has ended, or wakes the waker when it does.
pub fn poll_op(handle: u32, waker: &Waker) -> Poll<Outcome> {
    let ended = RUNTIME.with(|r| match r.ops.borrow_mut().get(handle) {
        Some(OpState::Ended(status, len)) => Poll::Ready((*status, *len)),
        Some(OpState::Running(there)) => {
            match there {
                Some(old) => old.clone_from(waker),
                None => *there = Some(waker.clone()),
            }
            Poll::Pending
        }
        None => unreachable!("an op that was dropped is polled"),
    });
    let (status, len) = ready!(ended);
    Poll::Ready(sys::op_result(handle, status, len))
}

/// Drops an op, and cancels it if it runs.
pub fn drop_op(handle: u32) {
    RUNTIME.with(|r| r.ops.borrow_mut().remove(handle));
    sys::op_drop(handle);
}

/// Wakes the waker when there may be room for what the call emits.
pub fn await_room(call: u32, waker: &Waker) {
    RUNTIME.with(|r| r.waiting.borrow_mut().push((call, waker.clone())));
}

impl Runtime {
    /// Does what need not be done for each call. The host enters the guest once before
    /// the first call, and may start every task from what is there then.
    fn prepare(&self) {
        self.slots.borrow_mut().reserve(BATCH);
        self.free.borrow_mut().reserve(BATCH);
        self.ready.borrow_mut().reserve(BATCH);
        self.calls.borrow_mut().reserve(BATCH);
        self.ops.borrow_mut().reserve(BATCH);
        #[cfg(target_family = "wasm")]
        std::panic::set_hook(Box::new(fail_by_panic));
    }

    fn deliver(&self, tasks: &[Task], event: &Event) {
        match event.kind {
            Event::CALL => self.start(&tasks[event.detail as usize], event.handle, event.len),
            Event::OP => self.op_ended(event.handle, OpState::Ended(Status(event.detail), event.len)),
            Event::CANCEL => self.cancelled(event.handle),
            Event::ROOM => self.wake_waiting(event.handle),
            _ => {} // of a later version
        }
    }

    fn start(&self, task: &Task, call: u32, len: u32) {
        self.current.set(Some(call));
        match (task.start)(sys::input(call, len)) {
            Started::Done(outcome) => self.end(call, outcome),
            Started::Running(work) => self.begin(call, work),
        }
    }

    /// Runs the future of a call until it waits.
    fn begin(&self, call: u32, work: Work) {
        let id = self.add(call, true, work);
        self.calls.borrow_mut().put(call, id);
        self.poll(id);
    }

    fn op_ended(&self, handle: u32, end: OpState) {
        let before = self.ops.borrow_mut().get(handle).map(|op| std::mem::replace(op, end));
        if let Some(OpState::Running(Some(waker))) = before {
            waker.wake();
        }
    }

    fn cancelled(&self, call: u32) {
        let Some(id) = self.calls.borrow_mut().get(call).copied() else { return };
        self.current.set(Some(call));
        let dropped = self.remove(id);
        drop(dropped); // with its ops
        self.end(call, Err(Error::of(Status::CANCELLED, "cancelled")));
    }

    fn end(&self, call: u32, outcome: Outcome) {
        self.current.set(None);
        self.calls.borrow_mut().remove(call);
        self.wake_waiting(call);
        match outcome {
            Ok(bytes) => sys::output(call, &bytes),
            Err(error) => sys::fail(call, error.wire_code(), &error.message),
        }
    }

    fn wake_waiting(&self, call: u32) {
        while let Some(waker) = self.take_waiting(call) {
            waker.wake();
        }
    }

    fn take_waiting(&self, call: u32) -> Option<Waker> {
        let mut waiting = self.waiting.borrow_mut();
        let at = waiting.iter().position(|(of, _)| *of == call)?;
        Some(waiting.swap_remove(at).1)
    }

    fn add(&self, call: u32, root: bool, work: Work) -> u32 {
        let mut slots = self.slots.borrow_mut();
        let index = self.free.borrow_mut().pop().unwrap_or_else(|| {
            assert!(slots.len() < 1 << INDEX_BITS, "wexec: too many futures");
            slots.push(Slot { work: None, call: 0, uses: 0, queued: false, root: false });
            slots.len() as u32 - 1
        });
        let slot = &mut slots[index as usize];
        *slot = Slot { work: Some(work), call, uses: slot.uses, queued: false, root };
        index | u32::from(slot.uses) << INDEX_BITS
    }

    /// Frees the place of a future. The future is returned, to be dropped when nothing is
    /// borrowed.
    fn remove(&self, id: u32) -> Option<Work> {
        let mut slots = self.slots.borrow_mut();
        let slot = slots.get_mut(index_of(id)).filter(|slot| slot.is(id))?;
        slot.uses = slot.uses.wrapping_add(1);
        self.free.borrow_mut().push(index_of(id) as u32);
        slot.work.take()
    }

    fn enqueue(&self, id: u32) {
        let mut slots = self.slots.borrow_mut();
        match slots.get_mut(index_of(id)) {
            Some(slot) if slot.is(id) && !slot.queued => slot.queued = true,
            _ => return,
        }
        self.ready.borrow_mut().push_back(id);
    }

    fn dequeue(&self) -> Option<u32> {
        self.ready.borrow_mut().pop_front()
    }

    fn poll(&self, id: u32) {
        let (mut work, call, root) = {
            let mut slots = self.slots.borrow_mut();
            let Some(slot) = slots.get_mut(index_of(id)).filter(|slot| slot.is(id)) else { return };
            slot.queued = false;
            let Some(work) = slot.work.take() else { return };
            (work, slot.call, slot.root)
        };
        let current = self.calls.borrow_mut().get(call).map(|_| call);
        // A call that starts has just been named, see sys::input.
        if self.current.replace(current) != current && current.is_some() {
            sys::name(call);
        }
        let waker = waker(id);
        let polled = work.as_mut().poll(&mut Context::from_waker(&waker));
        match polled {
            Poll::Pending => drop(self.put_back(id, work)),
            Poll::Ready(outcome) => {
                drop(work);
                self.remove(id);
                if root {
                    self.end(call, outcome);
                }
            }
        }
        self.current.set(None);
    }

    /// Returns a future to its place, or to the caller if the place was freed meanwhile.
    fn put_back(&self, id: u32, work: Work) -> Option<Work> {
        let mut slots = self.slots.borrow_mut();
        match slots.get_mut(index_of(id)) {
            Some(slot) if slot.is(id) => slot.work.replace(work),
            _ => Some(work),
        }
    }
}

impl Slot {
    fn is(&self, id: u32) -> bool {
        u32::from(self.uses) == id >> INDEX_BITS
    }
}

/// A waker is the id of a future, so it costs nothing. One that is woken too late wakes
/// nothing, or, after 256 futures in the same place, another one, which finds nothing new.
fn waker(id: u32) -> Waker {
    unsafe { Waker::from_raw(raw_waker(std::ptr::without_provenance(id as usize))) }
}

fn raw_waker(data: *const ()) -> RawWaker {
    RawWaker::new(data, &RawWakerVTable::new(raw_waker, wake, wake, |_| {}))
}

fn wake(data: *const ()) {
    // Outside a guest, the thread may be another one, or ending.
    let _ = RUNTIME.try_with(|r| r.enqueue(data.addr() as u32));
}

/// A guest can't unwind, so a panic ends the instance. The call whose code has panicked ends
/// with the message and the place; the host fails the others as `instance_lost`. Exiting
/// leaves that failure as it is, which a trap would not.
#[cfg(target_family = "wasm")]
fn fail_by_panic(info: &std::panic::PanicHookInfo) {
    let Some(call) = current_call() else { return };
    let payload = info.payload();
    let message = match payload.downcast_ref::<String>() {
        Some(text) => text.as_str(),
        None => payload.downcast_ref::<&str>().copied().unwrap_or("no message"),
    };
    let place = info.location().map_or(String::new(), |at| format!(" ({at})"));
    sys::fail(call, 1, &format!("panic: {message}{place}"));
    std::process::exit(101) // as any program in Rust that panics
}

/// Runs a future as a call, for the fake host. It returns at once.
#[cfg(not(target_family = "wasm"))]
pub fn begin(call: u32, work: Work) {
    RUNTIME.with(|r| {
        r.current.set(Some(call));
        r.begin(call, work);
    });
}
