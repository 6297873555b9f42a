//! Files of the host by ops, so other calls of the instance run meanwhile. `std::fs`, which
//! blocks them, sees the same folders.
//!
//! ```
//! use wexec::files::{self, APPEND, CREATE, WRITE};
//!
//! # async fn all(bytes: Vec<u8>) -> wexec::Result<()> {
//! let text = files::read("/data/config.json").await?;
//! files::write("/data/result", &bytes).await?;
//! let log = files::open("/data/log", WRITE | CREATE | APPEND, 0).await?;
//! # Ok(())
//! # }
//! ```

use std::time::{Duration, SystemTime};

use crate::op::{Op, nothing};
use crate::raw::capability;
use crate::stream::{Entries, Stream, counted, cut_whole};

/// A flag of [`open`]: the file is read.
pub const READ: u32 = 1;
/// A flag of [`open`]: the file is written. The flags below need it.
pub const WRITE: u32 = 2;
/// A flag of [`open`]: the file is made if there is none.
pub const CREATE: u32 = 4;
/// A flag of [`open`], with [`CREATE`]: it fails if there is a file.
pub const EXCLUSIVE: u32 = 8;
/// A flag of [`open`]: the file is emptied.
pub const TRUNCATE: u32 = 16;
/// A flag of [`open`]: what is written is added to its end.
pub const APPEND: u32 = 32;

/// What a name stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// There is nothing.
    Nothing,
    /// A directory.
    Directory,
    /// A file.
    File,
    /// A symbolic link.
    Link,
    /// Something else.
    Other,
}

impl Kind {
    fn of(number: u32) -> Self {
        match number {
            0 => Self::Nothing,
            3 => Self::Directory,
            4 => Self::File,
            7 => Self::Link,
            _ => Self::Other,
        }
    }
}

/// What [`stat`] tells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Info {
    /// What the path stands for.
    pub kind: Kind,
    /// In bytes.
    pub size: u64,
    /// When it was changed last.
    pub modified: SystemTime,
}

/// A name in a directory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The name, without the path.
    pub name: String,
    /// What it stands for.
    pub kind: Kind,
}

/// Reads a whole file, of up to 16 MiB.
pub fn read(path: &str) -> Op {
    Op::start(capability::FILES_READ, path.as_bytes(), Ok)
}

/// Makes a file of up to 16 MiB, in place of one that may be there. If it fails, that one is
/// unchanged.
pub fn write(path: &str, bytes: &[u8]) -> Op<()> {
    Op::start(capability::FILES_WRITE, &counted(path.as_bytes(), bytes), nothing)
}

/// Opens a file as a stream that begins at the offset. Close it.
pub fn open(path: &str, flags: u32, offset: u64) -> Op<Stream> {
    let argument = [&flags.to_le_bytes(), &offset.to_le_bytes()[..], path.as_bytes()].concat();
    Op::start(capability::FILES_OPEN, &argument, Stream::parse)
}

/// Describes what a path stands for, which may be nothing.
pub fn stat(path: &str) -> Op<Info> {
    Op::start(capability::FILES_STAT, path.as_bytes(), |result| {
        cut_whole(capability::FILES_STAT, &result, |rest| {
            let (kind, size, nanoseconds) = (rest.u32()?, rest.u64()?, rest.u64()? as i64);
            let distance = Duration::from_nanos(nanoseconds.unsigned_abs());
            let epoch = SystemTime::UNIX_EPOCH;
            let modified =
                if nanoseconds < 0 { epoch.checked_sub(distance) } else { epoch.checked_add(distance) };
            Some(Info { kind: Kind::of(kind), size, modified: modified? })
        })
    })
}

/// Runs through the names in a directory, in any order.
pub fn list(path: &str) -> Op<Entries<Entry>> {
    Op::start(capability::FILES_LIST, path.as_bytes(), |result| {
        Ok(Entries::new(Stream::parse(result)?, |rest| {
            let (kind, len) = (rest.u32()?, rest.u32()?);
            let name = String::from_utf8_lossy(rest.bytes(len as usize)?).into_owned();
            Some(Entry { name, kind: Kind::of(kind) })
        }))
    })
}

/// Removes a file, a link or an empty directory.
pub fn remove(path: &str) -> Op<()> {
    Op::start(capability::FILES_REMOVE, path.as_bytes(), nothing)
}

/// Makes a directory.
pub fn mkdir(path: &str) -> Op<()> {
    Op::start(capability::FILES_MKDIR, path.as_bytes(), nothing)
}

/// Renames a file or directory within a folder of the host.
pub fn rename(path: &str, new_path: &str) -> Op<()> {
    Op::start(capability::FILES_RENAME, &counted(path.as_bytes(), new_path.as_bytes()), nothing)
}
