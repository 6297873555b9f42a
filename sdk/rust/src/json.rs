//! The JSON that simple types need. With the feature `serde`, `Json<T>` does the rest.

use std::borrow::Cow;

use crate::value::Value;
use crate::{Error, Result, Status};

/// How deep values may nest.
const MOST_DEPTH: u32 = 128;

/// Reads JSON, a value at a time.
pub struct Reader<'a> {
    text: &'a [u8],
    at: usize,
    depth: u32,
}

impl<'a> Reader<'a> {
    /// Reads a value, and nothing may follow it.
    pub fn whole<T: Value>(text: &'a [u8]) -> Result<T> {
        let mut reader = Self { text, at: 0, depth: 0 };
        let value = T::read(&mut reader)?;
        match reader.peek() {
            None => Ok(value),
            Some(_) => Err(reader.want("the end")),
        }
    }

    /// The error of JSON that is something else than what was wanted.
    pub fn want(&self, what: &str) -> Error {
        Error::of(Status::INVALID_INPUT, format!("JSON: want {what} at byte {}", self.at))
    }

    /// The next byte that is not white space.
    fn peek(&mut self) -> Option<u8> {
        while let Some(b' ' | b'\t' | b'\n' | b'\r') = self.text.get(self.at) {
            self.at += 1;
        }
        self.text.get(self.at).copied()
    }

    fn byte(&mut self, byte: u8) -> bool {
        let found = self.next_is(byte);
        self.at += usize::from(found);
        found
    }

    /// Whether the next value begins with this byte.
    pub fn next_is(&mut self, byte: u8) -> bool {
        self.peek() == Some(byte)
    }

    /// Reads a word, such as null, if it is next.
    pub fn word(&mut self, word: &str) -> bool {
        self.peek();
        let found = self.text[self.at..].starts_with(word.as_bytes());
        if found {
            self.at += word.len();
        }
        found
    }

    /// Reads a number, as it is written.
    pub fn number(&mut self) -> Result<&'a str> {
        self.peek();
        let rest = &self.text[self.at..];
        let len =
            rest.iter().take_while(|b| matches!(b, b'0'..=b'9' | b'+' | b'-' | b'.' | b'e' | b'E')).count();
        if len == 0 {
            return Err(self.want("a number"));
        }
        self.at += len;
        Ok(std::str::from_utf8(&rest[..len])?)
    }

    /// Reads a string.
    pub fn string(&mut self) -> Result<Cow<'a, str>> {
        if !self.byte(b'"') {
            return Err(self.want("a string"));
        }
        let plain = self.plain()?;
        if self.byte_here(b'"') {
            return Ok(Cow::Borrowed(plain));
        }
        let mut text = plain.to_owned();
        while !self.byte_here(b'"') {
            text.push(self.escaped()?);
            text.push_str(self.plain()?);
        }
        Ok(Cow::Owned(text))
    }

    /// The bytes of a string up to a quote or an escape.
    fn plain(&mut self) -> Result<&'a str> {
        let rest = &self.text[self.at..];
        let len = rest.iter().take_while(|b| !matches!(b, b'"' | b'\\' | 0..0x20)).count();
        self.at += len;
        std::str::from_utf8(&rest[..len]).map_err(|_| self.want("UTF-8"))
    }

    /// Takes a byte that is next, without white space before it.
    fn byte_here(&mut self, byte: u8) -> bool {
        let found = self.text.get(self.at) == Some(&byte);
        self.at += usize::from(found);
        found
    }

    fn escaped(&mut self) -> Result<char> {
        if !self.byte_here(b'\\') {
            return Err(self.want("a string's end"));
        }
        let escape = self.text.get(self.at).copied().unwrap_or(0);
        self.at += 1;
        Ok(match escape {
            b'"' | b'\\' | b'/' => char::from(escape),
            b'b' => '\x08',
            b'f' => '\x0c',
            b'n' => '\n',
            b'r' => '\r',
            b't' => '\t',
            b'u' => return self.unicode(),
            _ => return Err(self.want("an escape")),
        })
    }

    /// The character of \uXXXX, or of two of these. Half a pair is U+FFFD.
    fn unicode(&mut self) -> Result<char> {
        let first = self.hex()?;
        let mut units = [first, 0];
        let mut len = 1;
        if matches!(first, 0xD800..=0xDBFF) && self.text[self.at..].starts_with(b"\\u") {
            self.at += 2;
            units[1] = self.hex()?;
            len = 2;
        }
        let mut chars = char::decode_utf16(units[..len].iter().copied());
        Ok(chars.next().and_then(|c| c.ok()).unwrap_or(char::REPLACEMENT_CHARACTER))
    }

    fn hex(&mut self) -> Result<u16> {
        let digits = self.text.get(self.at..self.at + 4).and_then(|d| std::str::from_utf8(d).ok());
        let unit = digits.filter(|d| !d.starts_with('+')).and_then(|d| u16::from_str_radix(d, 16).ok());
        match unit {
            Some(unit) => {
                self.at += 4;
                Ok(unit)
            }
            None => Err(self.want("four hexadecimal digits")),
        }
    }

    /// Reads an array; `each` reads an element.
    pub fn array(&mut self, mut each: impl FnMut(&mut Self) -> Result<()>) -> Result<()> {
        self.list(b'[', b']', "an array", |reader| each(reader))
    }

    /// Reads an object; `each` reads the value of a field, whose name it gets.
    pub fn object(&mut self, mut each: impl FnMut(&mut Self, &str) -> Result<()>) -> Result<()> {
        self.list(b'{', b'}', "an object", |reader| {
            let name = reader.string()?;
            if !reader.byte(b':') {
                return Err(reader.want("a colon"));
            }
            each(reader, &name)
        })
    }

    fn list(
        &mut self,
        open: u8,
        close: u8,
        what: &str,
        mut each: impl FnMut(&mut Self) -> Result<()>,
    ) -> Result<()> {
        if !self.byte(open) {
            return Err(self.want(what));
        }
        if self.byte(close) {
            return Ok(());
        }
        self.depth += 1;
        if self.depth > MOST_DEPTH {
            return Err(self.want("less depth"));
        }
        loop {
            each(self)?;
            if self.byte(close) {
                self.depth -= 1;
                return Ok(());
            }
            if !self.byte(b',') {
                return Err(self.want("a comma"));
            }
        }
    }

    /// Reads any value.
    pub fn skip(&mut self) -> Result<()> {
        match self.peek() {
            Some(b'"') => self.string().map(drop),
            Some(b'{') => self.object(|reader, _| reader.skip()),
            Some(b'[') => self.array(Self::skip),
            _ if self.word("null") || self.word("true") || self.word("false") => Ok(()),
            _ => self.number().map(drop),
        }
    }
}

/// Writes an object, a field at a time.
pub struct Object<'a> {
    to: &'a mut Vec<u8>,
    empty: bool,
}

impl<'a> Object<'a> {
    /// Begins an object at the end of `to`.
    pub fn new(to: &'a mut Vec<u8>) -> Self {
        to.push(b'{');
        Self { to, empty: true }
    }

    /// Writes a field.
    pub fn field<T: Write + ?Sized>(mut self, name: &str, value: &T) -> Self {
        if !std::mem::replace(&mut self.empty, false) {
            self.to.push(b',');
        }
        name.write(self.to);
        self.to.push(b':');
        value.write(self.to);
        self
    }

    /// Ends the object.
    pub fn end(self) {
        self.to.push(b'}');
    }
}

/// What can be written as JSON.
pub trait Write {
    /// Writes the value to the end of `to`.
    fn write(&self, to: &mut Vec<u8>);
}

impl Write for str {
    fn write(&self, to: &mut Vec<u8>) {
        to.push(b'"');
        for byte in self.bytes() {
            match byte {
                b'"' | b'\\' => to.extend([b'\\', byte]),
                b'\n' => to.extend(*b"\\n"),
                0..0x20 => {
                    let digit = |d: u8| if d < 10 { b'0' + d } else { b'a' + d - 10 };
                    to.extend(*b"\\u00");
                    to.extend([digit(byte >> 4), digit(byte & 15)]);
                }
                _ => to.push(byte),
            }
        }
        to.push(b'"');
    }
}

#[cfg(test)]
mod tests {
    use super::{Reader, Write};
    use crate::value::Value;

    fn read<T: Value>(text: &str) -> Option<T> {
        Reader::whole(text.as_bytes()).ok()
    }

    #[test]
    fn strings() {
        for (json, want) in [
            (r#""""#, Some("")),
            (r#" "a\"b\\c\/\n\u00e9" "#, Some("a\"b\\c/\né")),
            (r#""\ud83d\ude00""#, Some("😀")),
            (r#""\ud83d""#, Some("\u{fffd}")),
            (r#""\ud83dx""#, Some("\u{fffd}x")),
            ("\"tab\t\"", None),
            (r#""\x""#, None),
            (r#""\u+123""#, None),
            (r#""open"#, None),
            (r#""a" "b""#, None),
        ] {
            assert_eq!(read::<String>(json).as_deref(), want, "{json}");
        }
    }

    #[test]
    fn strings_are_read_as_written() {
        for text in ["", "plain", "\"\\/\u{0}\u{1f}\n\t", "é😀"] {
            let mut json = Vec::new();
            text.write(&mut json);
            assert_eq!(Reader::whole::<String>(&json).unwrap(), text);
        }
    }

    #[test]
    fn nonsense() {
        for json in ["", "[", "[1", "[1,]", "{\"a\"}", "{\"a\":}", "nul", "--", "\u{1}"] {
            assert!(read::<Vec<u32>>(json).is_none(), "{json}");
            let mut reader = Reader { text: json.as_bytes(), at: 0, depth: 0 };
            let skipped = reader.skip().is_ok() && reader.peek().is_none();
            assert!(!skipped || json == "--", "{json}"); // a number is checked when it is parsed
        }
        let deep = "[".repeat(1_000_000);
        assert!(Reader { text: deep.as_bytes(), at: 0, depth: 0 }.skip().is_err());
    }
}
