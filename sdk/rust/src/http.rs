//! HTTP requests, which the host makes.

use crate::json::{Object, Reader, Write};
use crate::op::Op;
use crate::raw::capability;
use crate::{Error, Result, Status, Stream};

/// An HTTP request. A URL alone is one, too.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Request {
    /// GET, unless it is said.
    pub method: String,
    /// The URL, with its scheme.
    pub url: String,
    /// Names and values.
    pub headers: Vec<(String, String)>,
    /// Headers, and the names of the secrets that the host fills in as their values.
    pub secrets: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
    /// The handle of a stream that is the body in place of `body`, for [`open`].
    pub stream: Option<u32>,
}

impl Request {
    /// A request of this method.
    pub fn new(method: &str, url: &str) -> Self {
        Self { method: method.to_owned(), url: url.to_owned(), ..Self::default() }
    }

    /// Adds a header.
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Adds a header whose value is a secret, which the host fills in by its name.
    pub fn secret(mut self, header: &str, name: &str) -> Self {
        self.secrets.push((header.to_owned(), name.to_owned()));
        self
    }

    /// Sets the body.
    pub fn body(mut self, bytes: impl Into<Vec<u8>>) -> Self {
        self.body = bytes.into();
        self
    }

    /// Makes a stream the body, see [`Stream::pipe`].
    pub fn stream(mut self, body: &Stream) -> Self {
        self.stream = Some(body.handle());
        self
    }

    fn message(&self) -> Vec<u8> {
        let mut message = Vec::new();
        let mut head = Object::new(&mut message).field("method", &self.method).field("url", &self.url);
        if !self.headers.is_empty() {
            head = head.field("headers", &Pairs(&self.headers));
        }
        if !self.secrets.is_empty() {
            head = head.field("secrets", &Pairs(&self.secrets));
        }
        if let Some(handle) = &self.stream {
            head = head.field("body", handle);
        }
        head.end();
        message.push(b'\n');
        message.extend(&self.body);
        message
    }
}

impl From<&str> for Request {
    fn from(url: &str) -> Self {
        Self::new("GET", url)
    }
}

impl From<String> for Request {
    fn from(url: String) -> Self {
        Self::new("GET", &url)
    }
}

/// Headers as an object. A name that is there more than once has an array of values.
struct Pairs<'a>(&'a [(String, String)]);

impl Write for Pairs<'_> {
    fn write(&self, to: &mut Vec<u8>) {
        let mut object = Object::new(to);
        for (i, (name, value)) in self.0.iter().enumerate() {
            let same = |pair: &&(String, String)| pair.0.eq_ignore_ascii_case(name);
            if self.0[..i].iter().any(|pair| same(&pair)) {
                continue;
            }
            let values: Vec<String> = self.0[i..].iter().filter(same).map(|pair| pair.1.clone()).collect();
            object = match values.len() {
                1 => object.field(name, value),
                _ => object.field(name, &values),
            };
        }
        object.end();
    }
}

/// The response to a [`Request`]. Any status is a response, not an error.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Response {
    /// Such as 200.
    pub status: u16,
    /// Names, in lower case, and values. Only `set-cookie` may be there more than once.
    pub headers: Vec<(String, String)>,
    /// The body; empty after [`open`].
    pub body: Vec<u8>,
}

impl Response {
    /// The value of a header, whose name is in lower case.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(there, _)| there == name).map(|(_, value)| value.as_str())
    }

    /// The body as text. It is an error if that is not UTF-8.
    pub fn text(&self) -> Result<&str> {
        Ok(std::str::from_utf8(&self.body)?)
    }
}

fn parse(message: Vec<u8>) -> Result<(Response, Option<Stream>)> {
    let (head, body) = split(&message);
    let head: Head = Reader::whole(head).map_err(|error| malformed(&error.message))?;
    let headers = head.headers.map_or(Vec::new(), |headers| headers.0);
    Ok((Response { status: head.status, headers, body: body.to_vec() }, head.stream.map(Stream::new)))
}

fn malformed(why: &str) -> Error {
    Error::of(Status::FAILED, format!("the host's answer to a request: {why}"))
}

/// The head of a message and its body.
pub(crate) fn split(message: &[u8]) -> (&[u8], &[u8]) {
    match message.iter().position(|byte| *byte == b'\n') {
        Some(end) => (&message[..end], &message[end + 1..]),
        None => (message, &[]),
    }
}

crate::object! {
    struct Head {
        status: u16,
        headers: Option<Headers>,
        stream: Option<u32>,
    }
}

struct Headers(Vec<(String, String)>);

impl crate::Value for Headers {
    const SCHEMA: &'static crate::manifest::Schema = &crate::manifest::Schema::Json("true");

    fn read(from: &mut Reader) -> Result<Self> {
        let mut all = Vec::new();
        from.object(|from, name| {
            if !from.next_is(b'[') {
                all.push((name.to_owned(), from.string()?.into_owned()));
                return Ok(());
            }
            from.array(|from| {
                all.push((name.to_owned(), from.string()?.into_owned()));
                Ok(())
            })
        })?;
        Ok(Self(all))
    }
}

impl Write for Headers {
    fn write(&self, to: &mut Vec<u8>) {
        Pairs(&self.0).write(to);
    }
}

/// Makes an HTTP request.
///
/// ```
/// # async fn both(url: &str, text: String) -> wexec::Result<()> {
/// use wexec::{Request, fetch};
///
/// let page = fetch("https://example.com").await?;
/// let made = fetch(Request::new("POST", url).header("accept", "text/plain").body(text)).await?;
/// # Ok(())
/// # }
/// ```
pub fn fetch(request: impl Into<Request>) -> Op<Response> {
    Op::start(capability::HTTP_FETCH, &request.into().message(), |message| Ok(parse(message)?.0))
}

/// Makes an HTTP request whose response has a stream as its body, which ends when the head
/// of the response is there. The body of the request may be a stream, too.
pub fn open(request: impl Into<Request>) -> Op<(Response, Stream)> {
    Op::start(capability::HTTP_OPEN, &request.into().message(), |message| {
        let (response, stream) = parse(message)?;
        Ok((response, stream.ok_or_else(|| malformed("no stream"))?))
    })
}

/// The reverse, for the fake host.
#[cfg(not(target_family = "wasm"))]
mod reverse {
    use super::{Headers, Pairs, Request, Response, split};
    use crate::Result;
    use crate::json::{Object, Reader};

    crate::object! {
        struct Head {
            method: String,
            url: String,
            headers: Option<Headers>,
            secrets: Option<Headers>,
            body: Option<u32>,
        }
    }

    impl Request {
        pub(crate) fn parse(message: &[u8]) -> Result<Self> {
            let (head, body) = split(message);
            let head: Head = Reader::whole(head)?;
            let pairs = |of: Option<Headers>| of.map_or(Vec::new(), |headers| headers.0);
            Ok(Self {
                method: head.method,
                url: head.url,
                headers: pairs(head.headers),
                secrets: pairs(head.secrets),
                body: body.to_vec(),
                stream: head.body,
            })
        }
    }

    impl Response {
        pub(crate) fn message(&self) -> Vec<u8> {
            let mut message = Vec::new();
            let head = Object::new(&mut message).field("status", &self.status);
            head.field("headers", &Pairs(&self.headers)).end();
            message.push(b'\n');
            message.extend(&self.body);
            message
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Request, parse};
    use crate::Stream;

    #[test]
    fn messages() {
        let plain = Request::from("https://a/?b=\"c\"");
        assert_eq!(plain.message(), b"{\"method\":\"GET\",\"url\":\"https://a/?b=\\\"c\\\"\"}\n");
        let full = Request::new("POST", "u")
            .header("a", "1")
            .header("B", "2")
            .header("A", "3")
            .secret("authorization", "token")
            .stream(&Stream::new(7))
            .body("x\ny");
        let want = "{\"method\":\"POST\",\"url\":\"u\",\"headers\":{\"a\":[\"1\",\"3\"],\"B\":\"2\"},\
            \"secrets\":{\"authorization\":\"token\"},\"body\":7}\nx\ny";
        assert_eq!(String::from_utf8(full.message()).unwrap(), want);
    }

    #[test]
    fn responses() {
        let head = r#"{"status":200,"new":{"a":[1]},"headers":{"a":"b","set-cookie":["c","d"]},"stream":7}"#;
        let (got, stream) = parse(format!("{head}\nx\ny").into_bytes()).unwrap();
        assert_eq!((got.status, got.header("a"), got.text()), (200, Some("b"), Ok("x\ny")));
        assert_eq!(got.headers[1..], [("set-cookie".into(), "c".into()), ("set-cookie".into(), "d".into())]);
        assert_eq!(stream, Some(Stream::new(7)));
        assert!(parse(b"{\"status\":204}".to_vec()).unwrap().0.body.is_empty());
        for bad in ["", "{}", r#"{"status":70000}"#, r#"{"status":200,"headers":{"a":1}}"#] {
            assert!(parse(bad.into()).is_err(), "{bad}");
        }
    }
}
