use std::collections::BTreeMap;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use crate::json::{Object, Reader, Write};
use crate::manifest::Schema;
use crate::runtime::{Outcome, Started};
use crate::{Error, Result, Status};

/// What a task can take: `Vec<u8>`, which is the input as it is; `()`, which ignores it;
/// and every [`Value`], which is read as JSON.
pub trait Input: Sized {
    /// The schema of the input, if it is JSON.
    const SCHEMA: Option<&'static Schema>;
    /// Makes the value from the input's bytes.
    fn decode(bytes: Vec<u8>) -> Result<Self>;
}

impl Input for Vec<u8> {
    const SCHEMA: Option<&'static Schema> = None;
    fn decode(bytes: Vec<u8>) -> Result<Self> {
        Ok(bytes)
    }
}

impl Input for () {
    const SCHEMA: Option<&'static Schema> = None;
    fn decode(_: Vec<u8>) -> Result<Self> {
        Ok(())
    }
}

impl<T: Value> Input for T {
    const SCHEMA: Option<&'static Schema> = Some(T::SCHEMA);
    fn decode(bytes: Vec<u8>) -> Result<Self> {
        if let (true, Some(value)) = (bytes.is_empty(), T::missing()) {
            return Ok(value);
        }
        Reader::whole(&bytes)
    }
}

/// What a task can return, and what [`call`](crate::call) sends: bytes, which are the
/// output as they are; `()`, which is empty; every [`Value`], which is written as JSON; and
/// a `Result` of these.
pub trait Output {
    /// The schema of the output, if it is JSON.
    const SCHEMA: Option<&'static Schema>;
    /// Makes the output's bytes from the value.
    fn encode(self) -> Result<Vec<u8>>;
}

impl Output for Vec<u8> {
    const SCHEMA: Option<&'static Schema> = None;
    fn encode(self) -> Result<Vec<u8>> {
        Ok(self)
    }
}

impl Output for &[u8] {
    const SCHEMA: Option<&'static Schema> = None;
    fn encode(self) -> Result<Vec<u8>> {
        Ok(self.to_vec())
    }
}

impl Output for () {
    const SCHEMA: Option<&'static Schema> = None;
    fn encode(self) -> Result<Vec<u8>> {
        Ok(Vec::new())
    }
}

impl Output for &str {
    const SCHEMA: Option<&'static Schema> = Some(<String as Value>::SCHEMA);
    fn encode(self) -> Result<Vec<u8>> {
        let mut json = Vec::with_capacity(self.len() + 2);
        self.write(&mut json);
        Ok(json)
    }
}

impl<T: Value> Output for T {
    const SCHEMA: Option<&'static Schema> = Some(T::SCHEMA);
    fn encode(self) -> Result<Vec<u8>> {
        let mut json = Vec::new();
        self.write(&mut json);
        Ok(json)
    }
}

impl<T: Output, E: Into<Error>> Output for Result<T, E> {
    const SCHEMA: Option<&'static Schema> = T::SCHEMA;
    fn encode(self) -> Result<Vec<u8>> {
        self.map_err(E::into)?.encode()
    }
}

/// A function that can be a task. It takes one [`Input`] or nothing, and returns an
/// [`Output`]. If it is an `async fn`, it may wait.
pub trait TaskFn<Kind> {
    /// The input of the task.
    const INPUT: Option<&'static Schema>;
    /// The output of the task.
    const OUTPUT: Option<&'static Schema>;
    /// Starts the task.
    fn start(&self, input: Vec<u8>) -> Started;
}

impl<F: Fn() -> R, R: Output> TaskFn<(R,)> for F {
    const INPUT: Option<&'static Schema> = None;
    const OUTPUT: Option<&'static Schema> = R::SCHEMA;
    fn start(&self, _: Vec<u8>) -> Started {
        Started::Done(self().encode())
    }
}

impl<F: Fn(A) -> R, A: Input, R: Output> TaskFn<(A, R)> for F {
    const INPUT: Option<&'static Schema> = A::SCHEMA;
    const OUTPUT: Option<&'static Schema> = R::SCHEMA;
    fn start(&self, input: Vec<u8>) -> Started {
        match decode::<A>(input) {
            Ok(input) => Started::Done(self(input).encode()),
            Err(error) => Started::Done(Err(error)),
        }
    }
}

/// Tells the implementations for functions that may wait from the others.
pub struct Waits;

impl<F: Fn() -> R, R: Future + 'static> TaskFn<(Waits, R)> for F
where
    R::Output: Output,
{
    const INPUT: Option<&'static Schema> = None;
    const OUTPUT: Option<&'static Schema> = R::Output::SCHEMA;
    fn start(&self, _: Vec<u8>) -> Started {
        Started::Running(Box::pin(Encoded(self())))
    }
}

impl<F: Fn(A) -> R, A: Input, R: Future + 'static> TaskFn<(Waits, A, R)> for F
where
    R::Output: Output,
{
    const INPUT: Option<&'static Schema> = A::SCHEMA;
    const OUTPUT: Option<&'static Schema> = R::Output::SCHEMA;
    fn start(&self, input: Vec<u8>) -> Started {
        match decode::<A>(input) {
            Ok(input) => Started::Running(Box::pin(Encoded(self(input)))),
            Err(error) => Started::Done(Err(error)),
        }
    }
}

/// A future whose output is encoded. An `async` block would hold the future twice.
struct Encoded<R>(R);

impl<R: Future> Future for Encoded<R>
where
    R::Output: Output,
{
    type Output = Outcome;

    fn poll(self: Pin<&mut Self>, context: &mut Context) -> Poll<Outcome> {
        // The field is pinned with the whole: nothing moves it.
        let future = unsafe { self.map_unchecked_mut(|whole| &mut whole.0) };
        future.poll(context).map(Output::encode)
    }
}

fn decode<A: Input>(input: Vec<u8>) -> Result<A> {
    A::decode(input)
        .map_err(|error| Error::of(Status::INVALID_INPUT, format!("the input: {}", error.message)))
}

/// A type with a form in JSON: `bool`, numbers (apart from `u8`, so that `Vec<u8>` can be
/// bytes), `String`, and `Option`, `Vec` and `BTreeMap<String, _>` of these. The macro
/// [`object`](crate::object) makes a struct of them one. With the feature `serde`, `Json<T>`
/// is for any type of serde.
pub trait Value: Write + Sized {
    /// The schema of the value.
    const SCHEMA: &'static Schema;
    /// Reads the value.
    fn read(from: &mut Reader) -> Result<Self>;
    /// The value of a field that is missing, if it may be.
    fn missing() -> Option<Self> {
        None
    }
    /// Whether a field of the type must be there.
    const REQUIRED: bool = true;
}

macro_rules! numbers {
    ($schema:literal, $what:literal: $($number:ty)*) => {$(
        impl Value for $number {
            const SCHEMA: &'static Schema = &Schema::Json($schema);
            fn read(from: &mut Reader) -> Result<Self> {
                let text = from.number()?;
                text.parse().map_err(|_| from.want(concat!($what, " ", stringify!($number), " before this")))
            }
        }
    )*};
}

numbers!(r#"{"type":"integer"}"#, "a number of type": i8 i16 i32 i64 isize);
numbers!(r#"{"type":"integer","minimum":0}"#, "a number of type": u16 u32 u64 usize);
numbers!(r#"{"type":"number"}"#, "a number of type": f32 f64);

macro_rules! write_integers {
    ($($number:ty)*) => {$(
        impl Write for $number {
            fn write(&self, to: &mut Vec<u8>) {
                to.extend(self.to_string().bytes());
            }
        }
    )*};
}

write_integers!(i8 i16 i32 i64 isize u16 u32 u64 usize);

macro_rules! write_floats {
    ($($number:ty)*) => {$(
        impl Write for $number {
            fn write(&self, to: &mut Vec<u8>) {
                match self.is_finite() {
                    true => to.extend(self.to_string().bytes()),
                    false => to.extend(*b"null"), // JSON has no other word for it
                }
            }
        }
    )*};
}

write_floats!(f32 f64);

impl Value for bool {
    const SCHEMA: &'static Schema = &Schema::Json(r#"{"type":"boolean"}"#);
    fn read(from: &mut Reader) -> Result<Self> {
        if from.word("true") {
            return Ok(true);
        }
        if from.word("false") { Ok(false) } else { Err(from.want("true or false")) }
    }
}

impl Write for bool {
    fn write(&self, to: &mut Vec<u8>) {
        to.extend(if *self { "true" } else { "false" }.bytes());
    }
}

impl Value for String {
    const SCHEMA: &'static Schema = &Schema::Json(r#"{"type":"string"}"#);
    fn read(from: &mut Reader) -> Result<Self> {
        from.string().map(|text| text.into_owned())
    }
}

impl Write for String {
    fn write(&self, to: &mut Vec<u8>) {
        self.as_str().write(to);
    }
}

impl<T: Value> Value for Option<T> {
    const SCHEMA: &'static Schema = &Schema::OrNull(T::SCHEMA);
    const REQUIRED: bool = false;
    fn read(from: &mut Reader) -> Result<Self> {
        if from.word("null") { Ok(None) } else { T::read(from).map(Some) }
    }
    fn missing() -> Option<Self> {
        Some(None)
    }
}

impl<T: Write> Write for Option<T> {
    fn write(&self, to: &mut Vec<u8>) {
        match self {
            Some(value) => value.write(to),
            None => to.extend(*b"null"),
        }
    }
}

impl<T: Value> Value for Vec<T> {
    const SCHEMA: &'static Schema = &Schema::Array(T::SCHEMA);
    fn read(from: &mut Reader) -> Result<Self> {
        let mut all = Vec::new();
        from.array(|from| {
            all.push(T::read(from)?);
            Ok(())
        })?;
        Ok(all)
    }
}

impl<T: Write> Write for Vec<T> {
    fn write(&self, to: &mut Vec<u8>) {
        to.push(b'[');
        for (i, value) in self.iter().enumerate() {
            if i > 0 {
                to.push(b',');
            }
            value.write(to);
        }
        to.push(b']');
    }
}

impl<T: Value> Value for BTreeMap<String, T> {
    const SCHEMA: &'static Schema = &Schema::Map(T::SCHEMA);
    fn read(from: &mut Reader) -> Result<Self> {
        let mut all = Self::new();
        from.object(|from, name| {
            all.insert(name.to_owned(), T::read(from)?);
            Ok(())
        })?;
        Ok(all)
    }
}

impl<T: Write> Write for BTreeMap<String, T> {
    fn write(&self, to: &mut Vec<u8>) {
        let mut object = Object::new(to);
        for (name, value) in self {
            object = object.field(name, value);
        }
        object.end();
    }
}

/// A value of any type that serde can read or write. It has no schema; the table of tasks
/// can give one.
#[cfg(feature = "serde")]
pub struct Json<T>(pub T);

#[cfg(feature = "serde")]
impl<T: serde::de::DeserializeOwned> Input for Json<T> {
    const SCHEMA: Option<&'static Schema> = None;
    fn decode(bytes: Vec<u8>) -> Result<Self> {
        Ok(Self(serde_json::from_slice(&bytes)?))
    }
}

#[cfg(feature = "serde")]
impl<T: serde::Serialize> Output for Json<T> {
    const SCHEMA: Option<&'static Schema> = None;
    fn encode(self) -> Result<Vec<u8>> {
        Ok(serde_json::to_vec(&self.0)?)
    }
}
