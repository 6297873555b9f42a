// Package guests holds the example and test guests, which are the same programs
// in every language. Go guests are built by the tests; the others are committed
// as built, next to their source. The package embeds the guest that the wexec
// command needs.
package guests

import _ "embed"

// Demo is the guest of wexec demo, from c/demo.c.
//
//go:embed c/demo.wasm
var Demo []byte
