package wasm

// Bounds of a module. Parse, and engines after it, make lists of all these, and
// a few bytes can declare 2^32 locals. The largest real modules have 46,000
// functions, 2,400 types, 2,100 exports, 8,000 locals in a function and 420,000
// in all, 42 parameters, 20,000 data segments, and a body of 379,000 bytes. The
// bounds of tables, tags and data segments are those of WebAssembly's JavaScript
// interface, which compilers keep to.
const (
	maxSections  = 10_000
	maxTypes     = 16_384
	maxParams    = 1_000   // and as many results
	maxAllParams = 131_072 // and results, of all types: an engine makes code for each
	maxImports   = 10_000
	maxFunctions = 200_000
	maxTables    = 100_000
	maxGlobals   = 100_000
	maxTags      = 1_000_000
	maxExports   = 100_000
	maxElements  = 100_000 // segments
	maxData      = 100_000 // segments
	maxConstant  = 1 << 10 // bytes of an expression
	maxBody      = 2 << 20 // bytes
	maxLocals    = 16_384  // of a function, with its parameters
	maxAllLocals = 4_000_000
)
