use std::fmt;

use crate::raw::STATUS_WORDS;

/// How an op or a call ended. A number that this version does not know is a failure.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Status(pub u32);

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        match STATUS_WORDS.get(self.0 as usize) {
            Some(word) => f.write_str(word),
            None => write!(f, "status({})", self.0),
        }
    }
}

impl fmt::Debug for Status {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Why a task or an op failed.
///
/// Every error of the standard library's kind becomes one by `?`. A task that returns the
/// error of an op fails with the same status and code, so both pass through a chain of
/// calls.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Error {
    /// The kind of the failure.
    pub status: Status,
    /// The code of a task that failed with one of its own, see [`Error::fail`], and 0
    /// otherwise.
    pub code: i32,
    /// A message for people. It is complete without the status.
    pub message: String,
}

/// The result of tasks and ops.
pub type Result<T, E = Error> = std::result::Result<T, E>;

impl Error {
    /// An error with a code of the task's own, for the caller of the task.
    ///
    /// # Panics
    ///
    /// If the code is not positive.
    pub fn fail(code: i32, message: impl Into<String>) -> Self {
        assert!(code > 0, "wexec: Error::fail: the code must be positive");
        Self { status: Status::FAILED, code, message: message.into() }
    }

    pub(crate) fn of(status: Status, message: impl Into<String>) -> Self {
        Self { status, code: 0, message: message.into() }
    }

    /// What the import `fail` gets as the code.
    pub(crate) fn wire_code(&self) -> i32 {
        match self.code {
            0 => -(self.status.0.max(1) as i32),
            code => code,
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        match self.message.as_str() {
            "" => fmt::Display::fmt(&self.status, f),
            message => f.write_str(message),
        }
    }
}

/// Makes an ordinary error one with code 1. [`Error`] itself is none of these, because
/// then it could not be made from all of them.
impl<E: std::error::Error> From<E> for Error {
    fn from(error: E) -> Self {
        Self::fail(1, error.to_string())
    }
}
