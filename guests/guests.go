// Package guests holds the example and test guests, which are the same programs
// in every language. Go guests are built by the tests; the others are committed
// as built, next to their source. The package embeds the guests that the wexec
// command needs.
package guests

import _ "embed"

// The guests of wexec demo: built from c/demo.c, and the sources of scripts.
var (
	//go:embed c/demo.wasm
	DemoC []byte
	//go:embed js/demo.js
	DemoJavaScript []byte
	//go:embed python/demo.py
	DemoPython []byte
)
