//! The functions of the host with the types of Rust. None checks a handle: a dead one
//! ends the instance.

use crate::raw;
use crate::{Error, Status};

/// What `emit` sends.
#[derive(Clone, Copy)]
pub enum Emit {
    Chunk = 0,
    Progress = 1,
}

/// The most bytes that `emit` takes at once.
pub const MOST_EMIT: usize = 64 << 10;

#[repr(C)]
#[derive(Clone, Copy)]
pub struct Event {
    pub kind: u32,
    pub handle: u32,
    pub detail: u32,
    pub len: u32,
}

impl Event {
    pub const NONE: Self = Self { kind: 0, handle: 0, detail: 0, len: 0 };
    pub const CALL: u32 = 1;
    pub const OP: u32 = 2;
    pub const CANCEL: u32 = 3;
    pub const ROOM: u32 = 4;
}

/// Reads the input of a call, which has `len` bytes. It asks for an empty one, too,
/// because that names the call: if the guest traps, the host blames the call that was
/// named last.
pub fn input(call: u32, len: u32) -> Vec<u8> {
    let mut bytes = vec![0; len as usize];
    unsafe { raw::input(call, bytes.as_mut_ptr(), len, 0) };
    bytes
}

/// Names a call, see [`input`].
pub fn name(call: u32) {
    unsafe { raw::input(call, std::ptr::null_mut(), 0, 0) };
}

pub fn output(call: u32, bytes: &[u8]) {
    unsafe { raw::output(call, bytes.as_ptr(), bytes.len() as u32) }
}

pub fn fail(call: u32, code: i32, message: &str) {
    unsafe { raw::fail(call, code, message.as_ptr(), message.len() as u32) }
}

/// Returns whether the host has taken the bytes.
pub fn emit(call: u32, kind: Emit, bytes: &[u8]) -> bool {
    unsafe { raw::emit(call, kind as u32, bytes.as_ptr(), bytes.len() as u32) != 0 }
}

pub fn op_start(call: u32, capability: &str, argument: &[u8]) -> u32 {
    let (name, arg) = (capability.as_ptr(), argument.as_ptr());
    unsafe { raw::op_start(call, name, capability.len() as u32, arg, argument.len() as u32) }
}

/// The result of an op that has ended with that status and so many bytes.
pub fn op_result(op: u32, status: Status, len: u32) -> Result<Vec<u8>, Error> {
    let mut bytes = vec![0; len as usize];
    if len > 0 {
        unsafe { raw::op_result(op, bytes.as_mut_ptr(), len, 0) };
    }
    if status == Status::OK {
        return Ok(bytes);
    }
    let code = match status {
        Status::FAILED => unsafe { raw::op_code(op) as i32 },
        _ => 0,
    };
    Err(Error { status, code, message: String::from_utf8_lossy(&bytes).into_owned() })
}

pub fn op_drop(op: u32) {
    unsafe { raw::op_drop(op) }
}

/// Takes events, and returns how many.
pub fn next(events: &mut [Event]) -> usize {
    unsafe { raw::next(events.as_mut_ptr().cast(), events.len() as u32) as usize }
}

pub fn log(level: u32, line: &str) {
    unsafe { raw::log(level, line.as_ptr(), line.len() as u32) }
}
