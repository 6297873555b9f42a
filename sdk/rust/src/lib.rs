//! Write functions, say how each is best run, and build them into a module for a wexec
//! host.
//!
//! # Tasks
//!
//! A task is an ordinary function, and a row in the table of [`tasks!`]. The row says how
//! the task is best run: `io` if it mostly waits, `cpu` if it computes, and `blocking`
//! otherwise.
//!
//! ```
//! use std::time::Duration;
//!
//! wexec::tasks! {
//!     /// Counts the primes below n.
//!     cpu primes,
//!
//!     /// Waits, and returns how long.
//!     io nap,
//! }
//!
//! fn primes(n: u32) -> usize {
//!     (2..n).filter(|i| (2..*i).take_while(|d| d * d <= *i).all(|d| i % d != 0)).count()
//! }
//!
//! async fn nap(milliseconds: u64) -> wexec::Result<String> {
//!     wexec::sleep(Duration::from_millis(milliseconds)).await?;
//!     Ok(format!("{milliseconds} ms"))
//! }
//! ```
//!
//! A task takes one [`Input`] or nothing, and returns an [`Output`]: bytes, numbers,
//! strings, lists and objects, or a [`Result`]. The compiler makes the manifest from the
//! table, with the schemas of simple types; see [`object!`] for structs.
//!
//! # Waiting
//!
//! A function that waits is an `async fn`, in any mode. What it waits for is an [`Op`], such
//! as [`sleep`], [`fetch`] or [`call`]. An op starts at once, not when it is awaited first,
//! and is cancelled when it is dropped. [`join_all`], [`select`], [`timeout`] and [`spawn`]
//! put futures together; those of other crates work too, if they need no runtime of their
//! own.
//!
//! A plain function can't wait for an op: the host runs many calls in one instance, and each
//! must return to let the others run. What blocks without ops, such as `std::fs` and
//! `std::thread::sleep`, works everywhere, and belongs in a task of mode `blocking`.
//!
//! A task of mode `cpu` must not start ops. It may be an `async fn` to [`emit`] output and
//! report [`progress`].
//!
//! # Ends
//!
//! A call whose result is no longer wanted ends where it waits: its future is dropped, with
//! what it holds. A panic ends the call with its message and place. It also ends the
//! instance, because a guest can't unwind: other calls that wait in it fail as
//! `instance_lost`. So a task of mode `io` should return errors.
//!
//! # Memory
//!
//! Statics are as they were at the start for each call of mode `blocking` and `cpu`; calls of
//! mode `io` in one instance share them.
//!
//! # Tests
//!
//! Outside a guest, [`testing::Host`] runs tasks under plain `cargo test`.

mod combine;
mod error;
pub mod files;
pub mod http;
#[doc(hidden)]
pub mod json;
pub mod kv;
#[doc(hidden)]
pub mod manifest;
mod object;
mod op;
mod raw;
mod runtime;
mod stream;
mod sys;
mod table;
#[doc(hidden)]
pub mod task;
#[cfg(not(target_family = "wasm"))]
pub mod testing;
mod value;

pub use combine::{Either, Spawned, join_all, select, spawn, timeout};
pub use error::{Error, Result, Status};
pub use http::{Request, Response, fetch};
pub use manifest::Schema;
pub use op::{Level, Op, call, call_module, config, emit, log, op, progress, sleep};
pub use raw::capability;
pub use stream::{Entries, Stream};
pub use task::Task;
#[cfg(feature = "serde")]
pub use value::Json;
pub use value::{Input, Output, TaskFn, Value};

#[doc(hidden)]
pub use runtime::{Started, resume};
