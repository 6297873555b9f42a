// Package http is HTTP for sandboxed guests, the capabilities http.fetch and http.open,
// behind an allow-list which is empty until someone fills it.
//
//	c := &http.Client{Allow: []string{"GET https://api.example.com/v1", "localhost:8080"}}
//	if err := c.Check(); err != nil {
//		return err
//	}
//	defer c.Close()
//	answer, err := c.Fetch(ctx, request)
//
// # The wire form
//
// A request and a response are each a message of package abi: one line of
// JSON, a newline, and the body as raw bytes. The head of a request:
//
//	{"method":"POST","url":"https://api.example.com/v1","headers":{"accept":"text/plain"}}
//
// The method defaults to GET, and is folded to upper case. A header is a
// string, or an array of strings to send it several times. The field secrets has
// names of Client.Secrets by headers: {"authorization":"api-key"}. Any other field
// is an error. The head of a response:
//
//	{"status":200,"headers":{"content-type":"text/plain","set-cookie":["a=1","b=2"]}}
//
// Names are in lower case. A header which came several times has its values joined
// by commas, but for set-cookie, which can't be joined: that is always an array. Bytes
// of a value which are not UTF-8 become U+FFFD. A status such as 404 is
// an answer, not an error. Redirects are followed, at most ten. A body sent
// with gzip is unpacked, unless the guest asked for an encoding by itself.
// No cookies are kept.
//
// # Streams
//
// http.open returns when the head of the response has come, with the handle of a
// stream to read the body from, and no body:
//
//	{"status":200,"headers":{…},"stream":2}
//
// The field body of its request may be the handle of a stream of the call, such as one
// of stream.pipe. That is sent as it comes, in chunks. The op takes the stream: if it
// fails, so do writes to it. A redirect with status 307 or 308, which asks for the body
// again, is an error. An exchange holds its place until the body of the response has
// ended or is closed. StreamIdle, StreamTimeout and the end of the call see to that.
//
// # What it defends against
//
// The guest is hostile: it chooses the method, the URL, the headers and the
// body, and may own a server, and a DNS zone, that the allow-list names. It
// must not reach anything else from here, in particular not the services of
// this machine and of the networks it stands in:
//
//   - A URL is parsed once, and the host that is compared with the list is the
//     host that is dialled. Spellings which others read differently (127.1,
//     0x7f000001, non-ASCII letters, user@host) are refused.
//   - Every redirect is checked as the first URL was, with its own method.
//   - An entry with a path admits whole segments. A path that servers may take for
//     another one (.. and %2e, //, escaped slashes, escapes of escapes, ..;) passes
//     no such entry.
//   - A secret is filled in on the way out, for each request anew: it is in no error
//     and no log, and goes only where its own entries say, in its own header. After
//     a redirect to elsewhere it does not come back.
//   - What a request line can't carry is percent-encoded in the path and the
//     query (a space would end the target early), and control characters are
//     refused in every part of a request. What is after # stays here.
//   - A name leads to public addresses only, whatever DNS says. The check is
//     made on the address of the socket about to connect, so an answer that
//     changes between two look-ups gains nothing. An address which is not
//     public is reached only if the list has that very address and the URL
//     does too, or both say localhost.
//   - No proxy is used, HTTP_PROXY or not: it would dial for us, unchecked.
//   - Headers that frame the message or steer the connection (Host,
//     Content-Length, Connection, Proxy-Authorization …) are refused, as are
//     the methods CONNECT and TRACE, and an upgrade to another protocol.
//   - Request, response, header, time, rate and requests under way are all limited,
//     and shared out by tenant: a slow server takes no tenant's places but one's.
//   - What would log in a connection, and with it others that use it after (NTLM,
//     Negotiate), is refused.
//   - What an error says holds no address that DNS gave, nor one of this
//     machine, because it is handed to the guest.
//
// It can't help it if an allowed server sends back a secret that it was given.
package http
