// Package http is the capability http.fetch: HTTP for sandboxed guests,
// behind an allow-list which is empty until someone fills it.
//
//	c := &http.Client{Allow: []string{"api.example.com", "localhost:8080"}}
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
// string, or an array of strings to send it several times. Any other field is
// an error. The head of a response:
//
//	{"status":200,"headers":{"content-type":"text/plain","set-cookie":["a=1","b=2"]}}
//
// Names are in lower case; a header which came several times is an array, and
// bytes of a value which are not UTF-8 become U+FFFD. A status such as 404 is
// an answer, not an error. Redirects are followed, at most ten. A body sent
// with gzip is unpacked, unless the guest asked for an encoding by itself.
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
//   - Every redirect is checked as the first URL was.
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
//   - Request, response, header, time and requests under way are all limited.
//   - What an error says holds no address that DNS gave, nor one of this
//     machine, because it is handed to the guest.
//
// It does not defend a guest against another that uses the same Client: they
// share connections, and a scheme such as NTLM logs in a connection, not a
// request. Give each tenant a Client of its own.
package http
