package abi

import "bytes"

// A message is a head, which is one line of JSON, then a newline and a body of
// bytes. A message without a newline has no body. A guest in C can find the
// body with memchr, and a body is never escaped or encoded.

// SplitMessage returns the head and the body of a message, both as slices of b.
func SplitMessage(b []byte) (head, body []byte) {
	head, body, _ = bytes.Cut(b, []byte{'\n'})
	return head, body
}

// JoinMessage makes a message of a head and a body. The head must not contain
// a newline.
func JoinMessage(head, body []byte) []byte {
	b := make([]byte, 0, len(head)+1+len(body))
	b = append(b, head...)
	b = append(b, '\n')
	return append(b, body...)
}
