package abi

import "bytes"

// A message is a head and a body: one line of JSON, a newline, and bytes. A
// message without a newline has no body. A guest in C finds the body with
// memchr, and no body is ever escaped or encoded.

// SplitMessage returns the head and the body of a message, as parts of b.
func SplitMessage(b []byte) (head, body []byte) {
	head, body, _ = bytes.Cut(b, []byte{'\n'})
	return head, body
}

// JoinMessage returns the message of a head, which must not contain a
// newline, and a body.
func JoinMessage(head, body []byte) []byte {
	b := make([]byte, 0, len(head)+1+len(body))
	b = append(b, head...)
	b = append(b, '\n')
	return append(b, body...)
}
