package abi

// Type says what a parameter of a host function means. In WebAssembly every
// parameter is an i32.
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
	// Doc has one or more lines, and no final newline.
	Doc string
}

// Imports is the table of host functions. The host registers exactly these.
// generate_test.go generates the raw layers of the SDKs and the table
// in SPEC.md from it.
var Imports = []Import{
	{
		Name:   "input",
		Params: []Param{{"call", U32}, {"dst", Dst}, {"cap", U32}, {"off", U32}},
		Result: "total",
		Doc: "Copies at most cap bytes of the call's input to dst, starting at offset\n" +
			"off. Returns the length of the whole input.",
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
			"A positive code is the task's own; 0 counts as 1. A negative code is a\n" +
			"status with its sign changed: the status of the op that made the task\n" +
			"fail, or the one that fits best. The handle is dead afterwards.",
	},
	{
		Name:   "emit",
		Params: []Param{{"call", U32}, {"kind", U32}, {"ptr", Src}, {"len", U32}},
		Result: "accepted",
		Doc: "Sends something before the end of the call, at most 65,536 bytes: a chunk of\n" +
			"output (kind 0) or progress (kind 1). Returns 1 if it was accepted and 0 if\n" +
			"there is no room. Then event 4 follows when there is. A direct guest, and a\n" +
			"call of mode cpu, wait for room here and get 1.",
	},
	{
		Name:   "op_start",
		Params: []Param{{"call", U32}, {"name", Src}, {"name_len", U32}, {"arg", Src}, {"arg_len", U32}},
		Result: "op",
		Doc: "Starts an op of the named capability on behalf of the call, and returns\n" +
			"at once. An op that may not be started ends at once, with a status.",
	},
	{
		Name:   "op_wait",
		Params: []Param{{"op", U32}},
		Result: "status",
		Doc: "Blocks a direct-style guest until the op ends. A resumable guest must not\n" +
			"call it.",
	},
	{
		Name:   "op_result",
		Params: []Param{{"op", U32}, {"dst", Dst}, {"cap", U32}, {"off", U32}},
		Result: "total",
		Doc: "Copies the result of an op that has ended or, if its status is not ok, its\n" +
			"message in UTF-8. Like input, returns the whole length.",
	},
	{
		Name:   "op_code",
		Params: []Param{{"op", U32}},
		Result: "code",
		Doc: "Returns the code with which the task that an op of task.call ran failed,\n" +
			"if it failed with a code of its own, which is positive, and 0 otherwise. The\n" +
			"op must have ended.",
	},
	{
		Name:   "op_cancel",
		Params: []Param{{"op", U32}},
		Doc: "Requests the end of an op. The op still ends once: as cancelled, or in its\n" +
			"own way if that came first.",
	},
	{
		Name:   "op_drop",
		Params: []Param{{"op", U32}},
		Doc: "Releases an op, and cancels it if it has not ended. The handle is dead\n" +
			"afterwards, and no event for it follows.",
	},
	{
		Name:   "next",
		Params: []Param{{"dst", Dst}, {"cap", U32}},
		Result: "n",
		Doc: "Writes up to cap events of 16 bytes each to dst, and returns how many.\n" +
			"0 means that there are no more. For resumable guests, inside wexec_resume.",
	},
	{
		Name:   "log",
		Params: []Param{{"level", U32}, {"ptr", Src}, {"len", U32}},
		Doc:    "Logs a line of UTF-8. The levels are 0 debug, 1 info, 2 warn, 3 error.",
	},
}
