// Package guests holds the example and test guests: the same programs in
// every language. Those that are small are committed as built, beside their
// source, and embedded here; guests/c/build makes them again. Go guests are
// built by the tests.
package guests

import _ "embed"

// Demo is the guest of wexec demo, from c/demo.c.
//
//go:embed c/demo.wasm
var Demo []byte
