package http

import (
	"fmt"
	"net/url"
	"strings"
)

// encodeTarget gives the path and the query of u the form that they have on the
// wire, where a space would end the target of a request: bytes that may not
// stand there are percent-encoded, and what is encoded already stays as it is.
// It drops the fragment. That is not the server's to see, and net/http would show
// it in the Referer after a redirect.
func encodeTarget(u *url.URL) error {
	// url.Parse says the same of the path and the fragment.
	if _, err := url.PathUnescape(u.RawQuery); err != nil {
		return fmt.Errorf("its query: %w", err)
	}
	u.RawQuery = percentEncode(u.RawQuery)
	// Without a RawPath, net/http encodes the path. If it doubts the RawPath, it
	// encodes the path too, and loses the difference of %2F and a slash.
	u.RawPath = percentEncode(u.RawPath)
	u.Fragment, u.RawFragment = "", ""
	return nil
}

// percentEncode encodes the bytes which RFC 3986 has neither in a path nor in a
// query. It keeps brackets, as browsers do.
func percentEncode(s string) string {
	var b strings.Builder
	for i := range len(s) {
		switch c := s[i]; {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9',
			strings.IndexByte("-._~!$&'()*+,;=:@/?[]%", c) >= 0:
			b.WriteByte(c)
		default:
			fmt.Fprintf(&b, "%%%02X", c)
		}
	}
	return b.String()
}
