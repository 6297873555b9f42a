//! The executor and the futures, on the fake host.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::time::Duration;

use wexec::testing::Host;
use wexec::*;

const SECOND: Duration = Duration::from_secs(1);

/// Sets its cell when it is dropped.
struct Dropped(Rc<Cell<bool>>);

impl Drop for Dropped {
    fn drop(&mut self) {
        self.0.set(true);
    }
}

#[test]
fn sleeps_run_at_once() {
    let host = Host::new();
    let order = Rc::new(RefCell::new(Vec::new()));
    let there = order.clone();
    host.run(async move || {
        let sleeper = |n: u32| {
            let order = there.clone();
            async move {
                sleep(n * SECOND).await.unwrap();
                order.borrow_mut().push(n);
                n
            }
        };
        assert_eq!(join_all([3, 1, 2].map(sleeper)).await, [3, 1, 2]);
        let spawned = [6, 4, 5].map(|n| spawn(sleeper(n)));
        for (future, want) in spawned.into_iter().zip([6, 4, 5]) {
            assert_eq!(future.await, want);
        }
        assert!(join_all(Vec::<Op>::new()).await.is_empty());
    });
    assert_eq!(*order.borrow(), [1, 2, 3, 4, 5, 6]);
    assert_eq!(host.elapsed(), 9 * SECOND);
}

#[test]
fn a_future_that_wakes_itself_holds_up_no_other() {
    async fn spin(done: Rc<Cell<bool>>) {
        std::future::poll_fn(|context| {
            context.waker().wake_by_ref();
            if done.get() { std::task::Poll::Ready(()) } else { std::task::Poll::Pending }
        })
        .await
    }
    async fn finish(done: Rc<Cell<bool>>) {
        sleep(SECOND).await.unwrap();
        done.set(true);
    }
    let futures = |done: &Rc<Cell<bool>>| -> [std::pin::Pin<Box<dyn Future<Output = ()>>>; 2] {
        [Box::pin(spin(done.clone())), Box::pin(finish(done.clone()))]
    };
    Host::new().run(async move || {
        join_all(futures(&Rc::default())).await;
        let spawned = futures(&Rc::default()).map(spawn);
        for future in spawned {
            future.await;
        }
    });
}

#[test]
fn select_drops_the_loser() {
    let host = Host::new();
    let dropped = Rc::new(Cell::new(false));
    let loser = Dropped(dropped.clone());
    let first = host.run(async move || {
        let slow = async move {
            let _held = loser;
            sleep(60 * SECOND).await
        };
        select(slow, sleep(SECOND)).await
    });
    assert_eq!(first, Either::Second(Ok(())));
    assert!(dropped.get());
    assert_eq!(host.elapsed(), SECOND);
}

#[test]
fn timeouts() {
    let host = Host::new().latency(SECOND).task("slow", |n: u32| Ok(n));
    let late = host.run(|| timeout(SECOND / 2, call::<u32>("slow", 7u32)));
    assert_eq!(late.unwrap_err().status, Status::TIMEOUT);
    assert_eq!(host.run(|| timeout(2 * SECOND, call::<u32>("slow", 7u32))), Ok(7));
}

#[test]
fn a_spawned_future_is_dropped_with_its_handle() {
    let host = Host::new();
    let dropped = Rc::new(Cell::new(false));
    let held = Dropped(dropped.clone());
    host.run(async move || {
        let handle = spawn(async move {
            let _held = held;
            sleep(60 * SECOND).await.unwrap();
        });
        sleep(SECOND).await.unwrap();
        drop(handle);
    });
    assert!(dropped.get());
    assert_eq!(host.elapsed(), SECOND);
}

#[test]
fn ops_outlive_no_call() {
    let kept = Rc::new(RefCell::new(None));
    let there = kept.clone();
    Host::new().run(async move || {
        let late = spawn(async { sleep(SECOND).await }); // its call has ended by then
        *there.borrow_mut() = Some(late);
    });
    let late = kept.take().unwrap();
    assert_eq!(Host::new().run(|| late).unwrap_err().status, Status::CANCELLED);
}

#[test]
fn failures_pass_on() {
    let host = Host::new()
        .task("fails", |()| Err::<(), _>(Error::fail(7, "why")))
        .op("no.such", |_| Err(Error { status: Status::QUEUE_FULL, code: 0, message: "full".into() }));
    assert_eq!(host.run(|| call::<()>("fails", ())), Err(Error::fail(7, "why")));
    assert_eq!(host.run(|| op("no.such", b"")).unwrap_err().status, Status::QUEUE_FULL);
    let unknown = host.run(|| call::<()>("other", ())).unwrap_err();
    assert_eq!(unknown.status, Status::DENIED);
    assert_eq!(unknown.to_string(), r#"the fake host has no answer to task.call {"task":"other"}"#);
    assert_eq!(host.run(async || { "x".parse::<u8>().map_err(Error::from) }).unwrap_err().code, 1);
}

#[test]
fn an_op_outside_a_task_fails() {
    let early = sleep(SECOND);
    assert_eq!(Host::new().run(|| early).unwrap_err().status, Status::CANCELLED);
}

#[test]
fn configuration_log_and_output() {
    let host = Host::new().config("region", "north");
    host.run(async || {
        assert_eq!(config("region").await.unwrap().as_deref(), Some("north"));
        log(Level::Warn, "a line");
        let big = vec![b'x'; 150_000];
        emit(&big).await.unwrap();
        progress(1, 2, &"é".repeat(1000)).await.unwrap();
    });
    assert_eq!(host.emitted().len(), 150_000);
    assert_eq!(host.log(), [(Level::Warn, "a line".to_owned())]);
    assert_eq!(host.progress(), [format!(r#"{{"done":1,"total":2,"message":"{}"}}"#, "é".repeat(512))]);
}

#[test]
fn keys_and_values() {
    let u64_of = |n: u64| n.to_le_bytes().to_vec();
    let pieces =
        RefCell::new(vec![b"aab".to_vec(), [&7u64.to_le_bytes()[..], &[2, 0, 0, 0, 1, 0, 0, 0]].concat()]);
    let host = Host::new()
        .op("kv.get", |key| Ok([&3u64.to_le_bytes()[..], key].concat()))
        .op("kv.put", move |argument| Ok(u64_of(u64::from(argument[8] == 0))))
        .op("kv.add", |_| Ok((-5i64).to_le_bytes().to_vec()))
        .op("kv.scan", |_| Ok(vec![9, 0, 0, 0]))
        .op("stream.read", move |_| Ok(pieces.borrow_mut().pop().unwrap_or_default()));
    host.run(async || {
        let got = kv::get(b"k").await.unwrap();
        assert_eq!((got.version, got.value), (3, b"k".to_vec()));
        assert_eq!(kv::swap(b"k", b"v", 0, None).await, Ok(Some(1)));
        assert_eq!(kv::swap(b"k", b"v", 4, Some(SECOND)).await, Ok(None));
        assert_eq!(kv::add(b"k", -5).await, Ok(-5));
        let mut entries = kv::scan(b"a", b"").await.unwrap();
        let entry = entries.next().await.unwrap().unwrap();
        assert_eq!((entry.key, entry.value, entry.version), (b"aa".to_vec(), b"b".to_vec(), 7));
        assert_eq!(entries.next().await, Ok(None));
    });
}

#[test]
fn files() {
    let stat = [&4u32.to_le_bytes()[..], &5u64.to_le_bytes(), &(-1i64).to_le_bytes()].concat();
    let list = RefCell::new(vec![vec![0], [&[3, 0, 0, 0, 1, 0, 0, 0][..], b"d"].concat()]);
    let host = Host::new()
        .op("files.stat", move |_| Ok(stat.clone()))
        .op("files.write", |argument| {
            Ok(argument.to_vec()).inspect(|a: &Vec<u8>| assert_eq!(a, b"\x02\0\0\0/fx"))
        })
        .op("files.list", |_| Ok(vec![1, 0, 0, 0]))
        .op("stream.read", move |_| Ok(list.borrow_mut().pop().unwrap_or_default()));
    host.run(async || {
        let info = wexec::files::stat("/f").await.unwrap();
        assert_eq!((info.kind, info.size), (wexec::files::Kind::File, 5));
        wexec::files::write("/f", b"x").await.unwrap();
        let mut names = wexec::files::list("/").await.unwrap();
        assert_eq!(names.next().await.unwrap().unwrap().name, "d");
        assert!(names.next().await.is_err()); // half an entry
    });
}
