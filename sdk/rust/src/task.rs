//! The table of tasks.

use std::time::Duration;

use crate::manifest::Schema;
use crate::runtime::Started;
use crate::value::TaskFn;

/// The modes: how a task is best run.
#[allow(non_upper_case_globals)]
pub mod mode {
    /// The task mostly waits. Many calls share one instance.
    pub const io: &str = "io";
    /// The task neither mostly waits nor mostly computes. Each call has an instance to
    /// itself.
    pub const blocking: &str = "blocking";
    /// The task computes. Each call has a core and an instance to itself, and must not
    /// start ops.
    pub const cpu: &str = "cpu";
}

/// A task in the table. The methods are the options that a task can have in
/// [`tasks`](crate::tasks).
pub struct Task {
    pub(crate) name: &'static str,
    pub(crate) mode: &'static str,
    pub(crate) doc: &'static [&'static str],
    pub(crate) start: fn(Vec<u8>) -> Started,
    pub(crate) input: Option<&'static Schema>,
    pub(crate) output: Option<&'static Schema>,
    pub(crate) timeout_ms: u64,
    pub(crate) memory_bytes: u64,
    pub(crate) fuel: u64,
    pub(crate) uses: Option<&'static [&'static str]>,
}

impl Task {
    /// A task without options. `like` is its function.
    pub const fn new<K, F: TaskFn<K>>(
        name: &'static str,
        mode: &'static str,
        doc: &'static [&'static str],
        start: fn(Vec<u8>) -> Started,
        _like: &F,
    ) -> Self {
        let (input, output) = (F::INPUT, F::OUTPUT);
        Self { name, mode, doc, start, input, output, timeout_ms: 0, memory_bytes: 0, fuel: 0, uses: None }
    }

    /// The longest time that the task asks to run, in whole milliseconds. It narrows the
    /// host's limit and never widens it.
    pub const fn timeout(mut self, time: Duration) -> Self {
        self.timeout_ms = time.as_millis() as u64;
        assert!(self.timeout_ms > 0, "the timeout of a task must be at least a millisecond");
        self
    }

    /// The most linear memory that the task asks for. It narrows the host's limit and never
    /// widens it.
    pub const fn memory_bytes(mut self, bytes: u64) -> Self {
        self.memory_bytes = bytes;
        self
    }

    /// How much the task asks to compute; a unit is about one instruction. It narrows the
    /// host's limit and never widens it.
    pub const fn fuel(mut self, units: u64) -> Self {
        self.fuel = units;
        self
    }

    /// The capabilities that the task uses, and no others.
    pub const fn uses(mut self, capabilities: &'static [&'static str]) -> Self {
        self.uses = Some(capabilities);
        self
    }

    /// The schema of the input, in place of the one of its type.
    pub const fn input(mut self, schema: &'static Schema) -> Self {
        self.input = Some(schema);
        self
    }

    /// The schema of the output, in place of the one of its type.
    pub const fn output(mut self, schema: &'static Schema) -> Self {
        self.output = Some(schema);
        self
    }
}

/// The table of the module's tasks. Write it once, in the crate that becomes the module.
/// A row has a mode, which is `io`, `blocking` or `cpu`, and a function. A comment before it
/// is the task's doc, `as` gives it another name than its function's, and options in braces
/// are methods of [`Task`]:
///
/// ```
/// # use std::time::Duration;
/// # async fn nap() {}
/// # fn count(_: u64) -> u64 { 0 }
/// wexec::tasks! {
///     /// Sleeps for a second.
///     io nap { timeout: Duration::from_secs(2), uses: &["clock.sleep"] },
///
///     /// Counts the primes below n.
///     cpu count as "primes",
/// }
/// ```
///
/// The table becomes the manifest, in the custom section `wexec.v1`, and the function by
/// which the host enters the module. One that a host would refuse is not compiled:
///
/// ```compile_fail
/// # fn a() {}
/// # fn b() {}
/// wexec::tasks! { cpu a, cpu b as "a" }
/// ```
///
/// ```compile_fail
/// # fn a() {}
/// wexec::tasks! { fast a }
/// ```
///
/// ```compile_fail
/// # fn a() {}
/// wexec::tasks! { cpu a as "two words" }
/// ```
#[macro_export]
macro_rules! tasks {
    ($(
        $(#[doc = $doc:expr])* $mode:ident $task:ident $(as $name:literal)?
        $({ $($option:ident : $value:expr),* $(,)? })?
    ),+ $(,)?) => {
        const _: () = {
            const TASKS: &[$crate::task::Task] = &[$(
                $crate::task::Task::new(
                    $crate::tasks!(@name $task $($name)?),
                    $crate::task::mode::$mode,
                    &[$($doc),*],
                    |input| $crate::TaskFn::start(&$task, input),
                    &$task,
                )$($(.$option($value))*)?
            ),+];
            const LEN: usize = $crate::manifest::len(TASKS);

            // Read by the host, which then needs to run no code.
            #[used]
            #[cfg_attr(target_family = "wasm", unsafe(link_section = "wexec.v1"))]
            static MANIFEST: [u8; LEN] = $crate::manifest::json(TASKS);

            #[cfg(target_family = "wasm")]
            #[unsafe(no_mangle)]
            extern "C" fn wexec_resume() -> u32 {
                u32::from($crate::resume(TASKS))
            }

            // The linker makes each export run the constructors, unless one calls them.
            #[cfg(target_family = "wasm")]
            #[unsafe(no_mangle)]
            extern "C" fn _initialize() {
                unsafe extern "C" {
                    fn __wasm_call_ctors();
                }
                unsafe { __wasm_call_ctors() }
            }
        };
    };
    (@name $task:ident) => { stringify!($task) };
    (@name $task:ident $name:literal) => { $name };
}
