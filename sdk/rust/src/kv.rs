//! Keys and values in the host, where they outlive a task. Both are bytes. Every write gives
//! its key a new version, and a write is safe when its op has ended.
//!
//! ```
//! use wexec::kv;
//!
//! /// Appends to the value of a key, even if others write it meanwhile.
//! async fn append(key: &[u8], bytes: &[u8]) -> wexec::Result<()> {
//!     loop {
//!         let entry = kv::get(key).await?;
//!         let value = [&entry.value, bytes].concat();
//!         if kv::swap(key, &value, entry.version, None).await?.is_some() {
//!             return Ok(());
//!         }
//!     }
//! }
//! ```

use std::time::Duration;

use crate::Result;
use crate::op::{Op, nanoseconds};
use crate::raw::capability;
use crate::stream::{Cut, Entries, Stream, counted, cut_whole};

/// What there is of a key. Version 0 means that there is no such key.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Entry {
    /// The key; empty in the result of [`get`].
    pub key: Vec<u8>,
    /// The value.
    pub value: Vec<u8>,
    /// Grows with every write.
    pub version: u64,
}

/// The version that stands for any.
const ANY: u64 = u64::MAX;

/// Reads a key. If there is none, the version is 0.
pub fn get(key: &[u8]) -> Op<Entry> {
    Op::start(capability::KV_GET, key, |result| {
        let (version, value) = number(capability::KV_GET, &result)?;
        Ok(Entry { key: Vec::new(), value: value.to_vec(), version })
    })
}

/// Writes a key, and returns its new version. The key is gone after `live`, if that is given.
pub fn put(key: &[u8], value: &[u8], live: Option<Duration>) -> Op<u64> {
    Op::start(capability::KV_PUT, &put_argument(key, value, ANY, live), |result| {
        Ok(number(capability::KV_PUT, &result)?.0)
    })
}

/// Writes a key if it has the version `before`, which is 0 if there must be no such key. It
/// returns the new version, or none if it has not written.
pub fn swap(key: &[u8], value: &[u8], before: u64, live: Option<Duration>) -> Op<Option<u64>> {
    Op::start(capability::KV_PUT, &put_argument(key, value, before, live), |result| {
        let (version, _) = number(capability::KV_PUT, &result)?;
        Ok((version != 0).then_some(version))
    })
}

fn put_argument(key: &[u8], value: &[u8], version: u64, live: Option<Duration>) -> Vec<u8> {
    let live = live.map_or(0, |live| nanoseconds(live).max(1));
    [&live.to_le_bytes(), &version.to_le_bytes(), counted(key, value).as_slice()].concat()
}

/// Deletes a key, and returns whether there was one.
pub fn delete(key: &[u8]) -> Op<bool> {
    delete_version(key, ANY)
}

/// Deletes a key if it has that version, and returns whether it did.
pub fn delete_version(key: &[u8], version: u64) -> Op<bool> {
    Op::start(capability::KV_DELETE, &[&version.to_le_bytes(), key].concat(), |result| {
        Ok(number(capability::KV_DELETE, &result)?.0 != 0)
    })
}

/// Adds to the decimal number that is the value of a key, or to 0 if there is no such key,
/// and returns the sum. It keeps the key's time to live.
pub fn add(key: &[u8], n: i64) -> Op<i64> {
    Op::start(capability::KV_ADD, &[&n.to_le_bytes(), key].concat(), |result| {
        Ok(number(capability::KV_ADD, &result)?.0 as i64)
    })
}

/// Runs through the keys that begin with `prefix` and come after the key `after`, in the
/// order of their bytes.
pub fn scan(prefix: &[u8], after: &[u8]) -> Op<Entries<Entry>> {
    Op::start(capability::KV_SCAN, &counted(prefix, after), |result| {
        Ok(Entries::new(Stream::parse(result)?, |rest| {
            let (version, key, value) = (rest.u64()?, rest.u32()?, rest.u32()?);
            let (key, value) = (rest.bytes(key as usize)?, rest.bytes(value as usize)?);
            Some(Entry { key: key.to_vec(), value: value.to_vec(), version })
        }))
    })
}

/// A number and what follows it.
fn number<'a>(what: &str, result: &'a [u8]) -> Result<(u64, &'a [u8])> {
    cut_whole(what, result, |rest: &mut Cut| Some((rest.u64()?, &result[8..])))
}
