package http

import (
	"errors"
	"fmt"
	"net/url"
	"strings"
	"unicode/utf8"
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
		case isUnreserved(c), strings.IndexByte("!$&'()*+,;=:@/?[]%", c) >= 0:
			b.WriteByte(c)
		default:
			fmt.Fprintf(&b, "%%%02X", c)
		}
	}
	return b.String()
}

// segments splits a path, as it is on the wire, at its slashes, and decodes the
// parts. It refuses a path that servers may take for another one: what they clean,
// decode twice, or cut a part at. A slash at the end is no part.
func segments(path string) ([]string, error) {
	path = strings.TrimSuffix(strings.TrimPrefix(path, "/"), "/")
	if path == "" {
		return nil, nil
	}
	parts := strings.Split(path, "/")
	for i, part := range parts {
		plain, _, _ := strings.Cut(part, ";") // some servers cut it off, and then clean
		switch {
		case part == "":
			return nil, errors.New("has // in it")
		case plain == "." || plain == "..":
			return nil, fmt.Errorf("has %q in it", part)
		}
		if err := checkEscapes(part); err != nil {
			return nil, err
		}
		decoded, err := url.PathUnescape(part)
		if err != nil || !utf8.ValidString(decoded) {
			return nil, errors.New("is not UTF-8")
		}
		parts[i] = decoded
	}
	return parts, nil
}

// checkEscapes refuses escapes that may be taken for what they stand for: a dot, a
// slash, the end of the path, and a second escape. A letter has no reason to be one.
func checkEscapes(part string) error {
	for i := range len(part) {
		if part[i] != '%' || i+2 >= len(part) {
			continue
		}
		escape := part[i : i+3]
		decoded, err := url.PathUnescape(escape)
		if err != nil {
			return err
		}
		c := decoded[0]
		if isControl(rune(c)) || c == '\t' || strings.IndexByte(`/\%;?#`, c) >= 0 || isUnreserved(c) {
			return fmt.Errorf("has %s in it", escape)
		}
	}
	return nil
}

// isUnreserved is about the bytes that RFC 3986 never has escaped.
func isUnreserved(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || strings.IndexByte("-._~", c) >= 0
}
