use crate::op::{Op, nothing};
use crate::raw::capability;
use crate::{Error, Result, Status};

/// A stream of bytes between a task and its host. An op opens it, and it is closed with
/// the call. No two reads and no two writes may run at once, and dropping one that runs
/// closes the stream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stream {
    handle: u32,
}

impl Stream {
    /// The stream with a handle that an op has returned.
    pub fn new(handle: u32) -> Self {
        Self { handle }
    }

    /// Opens a stream that gives what is written to it to an op that takes it, such as
    /// [`http::open`](crate::http::open). Its end is where it is closed.
    pub fn pipe() -> Op<Self> {
        Op::start(capability::STREAM_PIPE, &[], Self::parse)
    }

    pub(crate) fn parse(result: Vec<u8>) -> Result<Self> {
        match result.first_chunk() {
            Some(handle) => Ok(Self::new(u32::from_le_bytes(*handle))),
            None => Err(Error::of(Status::FAILED, "wexec: the host has opened a stream without a handle")),
        }
    }

    /// The number by which the host knows the stream.
    pub fn handle(&self) -> u32 {
        self.handle
    }

    /// Reads at least one byte and at most so many, or none at the end.
    pub fn read(&self, most: usize) -> Op {
        let most = u32::try_from(most).unwrap_or(u32::MAX);
        Op::start(capability::STREAM_READ, &self.argument(&most.to_le_bytes()), Ok)
    }

    /// Reads all that is left.
    pub async fn read_to_end(&self) -> Result<Vec<u8>> {
        let mut all = Vec::new();
        loop {
            let piece = self.read(PIECE).await?;
            if piece.is_empty() {
                return Ok(all);
            }
            all.extend(piece);
        }
    }

    /// Writes all the bytes.
    pub fn write(&self, bytes: &[u8]) -> Op<()> {
        Op::start(capability::STREAM_WRITE, &self.argument(bytes), nothing)
    }

    /// Closes the stream: what was written is complete.
    pub fn close(&self) -> Op<()> {
        Op::start(capability::STREAM_CLOSE, &self.argument(&[]), nothing)
    }

    fn argument(&self, rest: &[u8]) -> Vec<u8> {
        [&self.handle.to_le_bytes(), rest].concat()
    }
}

/// How much is read at a time.
const PIECE: usize = 64 << 10;

/// Entries that come in a stream, which ends with them.
pub struct Entries<T> {
    stream: Stream,
    buffer: Vec<u8>,
    at: usize, // of the next entry
    cut: fn(&mut Cut) -> Option<T>,
}

impl<T> Entries<T> {
    pub(crate) fn new(stream: Stream, cut: fn(&mut Cut) -> Option<T>) -> Self {
        Self { stream, buffer: Vec::new(), at: 0, cut }
    }

    /// Returns the next entry, if there is one.
    pub async fn next(&mut self) -> Result<Option<T>> {
        loop {
            let mut rest = Cut(&self.buffer[self.at..]);
            if let Some(entry) = (self.cut)(&mut rest) {
                self.at = self.buffer.len() - rest.0.len();
                return Ok(Some(entry));
            }
            self.buffer.drain(..self.at);
            self.at = 0;
            let piece = self.stream.read(PIECE).await?;
            if piece.is_empty() {
                return match self.buffer.is_empty() {
                    true => Ok(None),
                    false => Err(Error::of(Status::FAILED, "wexec: the stream has ended within an entry")),
                };
            }
            self.buffer.extend(piece);
        }
    }
}

/// Bytes of which parts are cut off.
pub struct Cut<'a>(pub &'a [u8]);

impl<'a> Cut<'a> {
    pub fn bytes(&mut self, len: usize) -> Option<&'a [u8]> {
        let (cut, rest) = self.0.split_at_checked(len)?;
        self.0 = rest;
        Some(cut)
    }

    pub fn u32(&mut self) -> Option<u32> {
        self.bytes(4)?.first_chunk().map(|bytes| u32::from_le_bytes(*bytes))
    }

    pub fn u64(&mut self) -> Option<u64> {
        self.bytes(8)?.first_chunk().map(|bytes| u64::from_le_bytes(*bytes))
    }
}

/// Cuts a result of the host, or says which it was that was malformed.
pub(crate) fn cut_whole<T>(what: &str, result: &[u8], cut: impl FnOnce(&mut Cut) -> Option<T>) -> Result<T> {
    cut(&mut Cut(result)).ok_or_else(|| {
        Error::of(Status::FAILED, format!("the host's answer to {what} has {} bytes", result.len()))
    })
}

/// The first of two byte strings with its length before it, and then the second.
pub(crate) fn counted(first: &[u8], second: &[u8]) -> Vec<u8> {
    [&(first.len() as u32).to_le_bytes(), first, second].concat()
}
