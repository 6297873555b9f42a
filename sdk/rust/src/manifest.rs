//! The manifest, which the compiler makes of the table of tasks.

use crate::task::Task;

/// A JSON schema, as far as the types of this crate need it.
pub enum Schema {
    /// The text of any schema.
    Json(&'static str),
    /// A value or null.
    OrNull(&'static Schema),
    /// An array of values.
    Array(&'static Schema),
    /// An object with fields of any names.
    Map(&'static Schema),
    /// An object with these fields.
    Object(&'static [Field]),
}

/// A field of an object.
pub struct Field {
    /// Its name.
    pub name: &'static str,
    /// Its value.
    pub schema: &'static Schema,
    /// Whether it must be there.
    pub required: bool,
}

/// The name of a field without the `r#` that Rust wants before a word of its own.
pub const fn plain(name: &'static str) -> &'static str {
    match name.as_bytes() {
        [b'r', b'#', ..] => name.split_at(2).1,
        _ => name,
    }
}

/// How long the manifest is.
pub const fn len(tasks: &[Task]) -> usize {
    text::<0>(tasks).len
}

/// The manifest as JSON. `N` is its length.
pub const fn json<const N: usize>(tasks: &[Task]) -> [u8; N] {
    text::<N>(tasks).bytes
}

const fn text<const N: usize>(tasks: &[Task]) -> Text<N> {
    let mut text = Text { bytes: [0; N], len: 0 };
    text.raw("{\"tasks\":[");
    let mut i = 0;
    while i < tasks.len() {
        check_name(tasks, i);
        text.comma(i);
        text.task(&tasks[i]);
        i += 1;
    }
    text.raw("]}\n");
    text
}

/// Refuses a table with names that a manifest must not have.
const fn check_name(tasks: &[Task], index: usize) {
    let name = tasks[index].name.as_bytes();
    assert!(!name.is_empty() && name.len() <= 128, "the name of a task has 1 to 128 characters");
    assert!(name[0].is_ascii_alphabetic() || name[0] == b'_', "the name of a task begins with a letter or _");
    let mut i = 0;
    while i < name.len() {
        let ok = name[i].is_ascii_alphanumeric() || matches!(name[i], b'_' | b'.' | b'-');
        assert!(ok, "the name of a task has letters, digits and the characters _.- only");
        i += 1;
    }
    let mut other = 0;
    while other < index {
        assert!(!same(tasks[other].name.as_bytes(), name), "two tasks have the same name");
        other += 1;
    }
}

const fn same(a: &[u8], b: &[u8]) -> bool {
    let mut i = 0;
    while i < a.len() && i < b.len() && a[i] == b[i] {
        i += 1;
    }
    i == a.len() && i == b.len()
}

/// Text that is written while compiling. It counts what does not fit: the length of a text
/// is found by writing it to one without room.
struct Text<const N: usize> {
    bytes: [u8; N],
    len: usize,
}

impl<const N: usize> Text<N> {
    const fn push(&mut self, byte: u8) {
        if self.len < N {
            self.bytes[self.len] = byte;
        }
        self.len += 1;
    }

    const fn raw(&mut self, text: &str) {
        let mut i = 0;
        while i < text.len() {
            self.push(text.as_bytes()[i]);
            i += 1;
        }
    }

    /// Writes the inside of a string, from its byte `i`.
    const fn escaped(&mut self, text: &str, mut i: usize) {
        while i < text.len() {
            match text.as_bytes()[i] {
                byte @ (b'"' | b'\\') => {
                    self.push(b'\\');
                    self.push(byte);
                }
                b'\n' => self.raw("\\n"),
                0..0x20 => self.push(b' '),
                byte => self.push(byte),
            }
            i += 1;
        }
    }

    const fn string(&mut self, text: &str) {
        self.push(b'"');
        self.escaped(text, 0);
        self.push(b'"');
    }

    const fn comma(&mut self, index: usize) {
        if index > 0 {
            self.push(b',');
        }
    }

    const fn task(&mut self, task: &Task) {
        self.raw("\n{\"name\":");
        self.string(task.name);
        self.raw(",\"mode\":");
        self.string(task.mode);
        if !task.doc.is_empty() {
            self.raw(",\"doc\":\"");
            self.doc(task.doc);
            self.raw("\"");
        }
        self.number(",\"timeout_ms\":", task.timeout_ms);
        self.number(",\"memory_bytes\":", task.memory_bytes);
        self.number(",\"fuel\":", task.fuel);
        if let Some(uses) = task.uses {
            self.raw(",\"uses\":[");
            let mut i = 0;
            while i < uses.len() {
                self.comma(i);
                self.string(uses[i]);
                i += 1;
            }
            self.raw("]");
        }
        if let Some(schema) = task.input {
            self.raw(",\"input\":");
            self.schema(schema);
        }
        if let Some(schema) = task.output {
            self.raw(",\"output\":");
            self.schema(schema);
        }
        self.raw("}");
    }

    /// Writes the lines of a doc comment, without the space that each begins with.
    const fn doc(&mut self, lines: &[&str]) {
        let mut i = 0;
        while i < lines.len() {
            if i > 0 {
                self.raw("\\n");
            }
            let begins_with_space = !lines[i].is_empty() && lines[i].as_bytes()[0] == b' ';
            self.escaped(lines[i], begins_with_space as usize);
            i += 1;
        }
    }

    /// Writes a field with a number, unless that is 0.
    const fn number(&mut self, field: &str, number: u64) {
        if number == 0 {
            return;
        }
        self.raw(field);
        let mut unit = 1;
        while number / unit >= 10 {
            unit *= 10;
        }
        while unit > 0 {
            self.push(b'0' + (number / unit % 10) as u8);
            unit /= 10;
        }
    }

    const fn schema(&mut self, schema: &Schema) {
        match schema {
            Schema::Json(text) => self.raw(text),
            Schema::OrNull(of) => {
                self.raw("{\"anyOf\":[");
                self.schema(of);
                self.raw(",{\"type\":\"null\"}]}");
            }
            Schema::Array(of) => {
                self.raw("{\"type\":\"array\",\"items\":");
                self.schema(of);
                self.raw("}");
            }
            Schema::Map(of) => {
                self.raw("{\"type\":\"object\",\"additionalProperties\":");
                self.schema(of);
                self.raw("}");
            }
            Schema::Object(fields) => self.object(fields),
        }
    }

    const fn object(&mut self, fields: &[Field]) {
        self.raw("{\"type\":\"object\",\"properties\":{");
        let mut i = 0;
        while i < fields.len() {
            self.comma(i);
            self.string(fields[i].name);
            self.raw(":");
            self.schema(fields[i].schema);
            i += 1;
        }
        self.raw("},\"required\":[");
        let (mut i, mut required) = (0, 0);
        while i < fields.len() {
            if fields[i].required {
                self.comma(required);
                self.string(fields[i].name);
                required += 1;
            }
            i += 1;
        }
        self.raw("]}");
    }
}

#[cfg(test)]
mod tests {
    use super::{json, len};
    use crate::{Started, Task, TaskFn};
    use std::time::Duration;

    crate::object! {
        #[allow(dead_code)]
        struct Query {
            r#type: String,
            ids: Vec<u32>,
            limit: Option<i8>,
        }
    }

    async fn find(_: Query) -> crate::Result<f64> {
        Ok(0.0)
    }

    fn nothing() {}

    fn never(_: Vec<u8>) -> Started {
        unreachable!()
    }

    #[test]
    fn is_json() {
        const TASKS: &[Task] = &[
            Task::new("find", "io", &[" Finds \"it\".", "", " By \\."], never, &find)
                .timeout(Duration::from_secs(90))
                .memory_bytes(1 << 20)
                .fuel(7)
                .uses(&["kv", "http.fetch"]),
            Task::new("none", "cpu", &[], never, &nothing),
        ];
        const LEN: usize = len(TASKS);
        let want = r#"{"tasks":[
{"name":"find","mode":"io","doc":"Finds \"it\".\n\nBy \\.","timeout_ms":90000,"memory_bytes":1048576,"fuel":7,"uses":["kv","http.fetch"],"input":{"type":"object","properties":{"type":{"type":"string"},"ids":{"type":"array","items":{"type":"integer","minimum":0}},"limit":{"anyOf":[{"type":"integer"},{"type":"null"}]}},"required":["type","ids"]},"output":{"type":"number"}},
{"name":"none","mode":"cpu"}]}
"#;
        assert_eq!(String::from_utf8_lossy(&json::<LEN>(TASKS)), want);
    }

    #[test]
    fn functions_of_all_kinds_are_tasks() {
        fn kind<K, F: TaskFn<K>>(f: F) -> bool {
            matches!(f.start(b"[1,2]".to_vec()), Started::Running(_))
        }
        async fn wait(_: Vec<u32>) {}
        fn compute(_: Vec<u8>) -> Vec<u8> {
            Vec::new()
        }
        assert!(kind(wait) && kind(|| async {}));
        assert!(!kind(compute) && !kind(nothing) && !kind(find)); // its input is no query
    }
}
