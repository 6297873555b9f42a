package abi

// Type says what a parameter of a host function means. On the wire each one
// is an i32.
type Type int

const (
	// U32 is a handle, a length, an offset or another unsigned number.
	U32 Type = iota
	// I32 is a signed number.
	I32
	// Src points to bytes that the host reads.
	Src
	// Dst points to bytes that the host writes.
	Dst
)

// Param is one parameter of a host function.
type Param struct {
	Name string
	Type Type
}

// Import is one host function of the module ImportModule.
type Import struct {
	Name   string
	Params []Param
	// Result names the one u32 result; it is empty if there is none.
	Result string
	// Doc is one line or more, without a final newline.
	Doc string
}

// Imports is the table of host functions: the one source of them. The raw
// layers of sdk/go and sdk/c and the table in SPEC.md are generated from it
// (generate_test.go), and the host registers exactly these.
var Imports = []Import{
	{
		Name:   "input",
		Params: []Param{{"call", U32}, {"dst", Dst}, {"cap", U32}, {"off", U32}},
		Result: "total",
		Doc: "Copies the call's input, from off on, at most cap bytes, to dst.\n" +
			"Returns the whole length of the input.",
	},
	{
		Name:   "output",
		Params: []Param{{"call", U32}, {"ptr", Src}, {"len", U32}},
		Doc:    "Ends the call with a result. The handle is dead afterwards.",
	},
	{
		Name:   "fail",
		Params: []Param{{"call", U32}, {"code", I32}, {"ptr", Src}, {"len", U32}},
		Doc: "Ends the call with an error: a code and a message in UTF-8.\n" +
			"A positive code is the task's own, and 0 counts as 1. A negative one is\n" +
			"minus a status: that of an op whose failure is the reason, or one that\n" +
			"says it best. The handle is dead afterwards.",
	},
	{
		Name:   "op_start",
		Params: []Param{{"call", U32}, {"name", Src}, {"name_len", U32}, {"arg", Src}, {"arg_len", U32}},
		Result: "op",
		Doc: "Starts the capability with that name on behalf of the call, and returns\n" +
			"at once. An op that may not be started ends at once, with a status.",
	},
	{
		Name:   "op_wait",
		Params: []Param{{"op", U32}},
		Result: "status",
		Doc:    "Parks a direct-style guest until the op ends. Resumable guests may not.",
	},
	{
		Name:   "op_result",
		Params: []Param{{"op", U32}, {"dst", Dst}, {"cap", U32}, {"off", U32}},
		Result: "total",
		Doc: "Copies what an ended op left: its result or, if its status is not ok, a\n" +
			"message in UTF-8. Like input, returns the whole length.",
	},
	{
		Name:   "op_cancel",
		Params: []Param{{"op", U32}},
		Doc: "Asks for the end of an op. It still ends once: as cancelled, or as it\n" +
			"would have if that came first.",
	},
	{
		Name:   "op_drop",
		Params: []Param{{"op", U32}},
		Doc:    "Forgets an op, and cancels it if it has not ended. The handle is dead\nafterwards and no event for it follows.",
	},
	{
		Name:   "next",
		Params: []Param{{"dst", Dst}, {"cap", U32}},
		Result: "n",
		Doc: "Takes up to cap events of 16 bytes each, and returns how many. 0 means\n" +
			"that there are none left. For resumable guests, inside wexec_resume.",
	},
	{
		Name:   "log",
		Params: []Param{{"level", U32}, {"ptr", Src}, {"len", U32}},
		Doc:    "Logs a line of UTF-8: level 0 debug, 1 info, 2 warn, 3 error.",
	},
}
