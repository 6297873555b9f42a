package javascript

import (
	"strings"

	"github.com/wexec/wexec/host/internal/engine"
	"github.com/wexec/wexec/host/internal/guest"
	"github.com/wexec/wexec/host/internal/wasm"
)

// function is an export of the engine.
type function int

const (
	qjsInit function = iota
	qjsRuntime
	qjsContext
	qjsSetModuleLoader
	qjsSetMaxStackSize
	qjsTellRejections
	qjsNewHostFunction
	qjsNewArrayBuffer
	wasmMalloc
	wasmFree
	jsCall
	jsEval
	jsEvalFunction
	jsExecutePendingJob
	jsGetException
	jsGetModuleNamespace
	jsGetPropertyStr
	jsSetPropertyStr
	jsGetGlobalObject
	jsNewStringLen
	jsToCStringLen
	jsFreeCString
	jsFreeValue
	jsDupValue
	jsGetUint8Array
	jsPromiseState
	jsPromiseResult
	jsThrowReferenceError
	functionCount
)

// functions are the exports that the host calls, with their types: i is an i32, l an
// i64 (a value), d an f64.
var functions = [functionCount]struct{ name, signature string }{
	qjsInit:               {"qjs_init", ":i"},
	qjsRuntime:            {"qjs_get_runtime_ptr", ":i"},
	qjsContext:            {"qjs_get_context_ptr", ":i"},
	qjsSetModuleLoader:    {"qjs_set_module_loader", "i:"},
	qjsSetMaxStackSize:    {"qjs_set_max_stack_size", "i:"},
	qjsTellRejections:     {"qjs_set_promise_rejection_handler", "i:"},
	qjsNewHostFunction:    {"qjs_new_host_function", "iii:i"},
	qjsNewArrayBuffer:     {"qjs_new_array_buffer", "ii:i"},
	wasmMalloc:            {"wasm_malloc", "i:i"},
	wasmFree:              {"wasm_free", "i:"},
	jsCall:                {"JS_Call", "illii:l"},
	jsEval:                {"JS_Eval", "iiiii:l"},
	jsEvalFunction:        {"JS_EvalFunction", "il:l"},
	jsExecutePendingJob:   {"JS_ExecutePendingJob", "ii:i"},
	jsGetException:        {"JS_GetException", "i:l"},
	jsGetModuleNamespace:  {"JS_GetModuleNamespace", "ii:l"},
	jsGetPropertyStr:      {"JS_GetPropertyStr", "ili:l"},
	jsSetPropertyStr:      {"JS_SetPropertyStr", "ilil:i"},
	jsGetGlobalObject:     {"JS_GetGlobalObject", "i:l"},
	jsNewStringLen:        {"JS_NewStringLen", "iii:l"},
	jsToCStringLen:        {"JS_ToCStringLen2", "iili:i"},
	jsFreeCString:         {"JS_FreeCString", "ii:"},
	jsDupValue:            {"JS_DupValue", "il:l"},
	jsFreeValue:           {"JS_FreeValue", "il:"},
	jsGetUint8Array:       {"JS_GetUint8Array", "iil:i"},
	jsPromiseState:        {"JS_PromiseState", "il:i"},
	jsPromiseResult:       {"JS_PromiseResult", "il:l"},
	jsThrowReferenceError: {"JS_ThrowReferenceError", "iii:l"},
}

// signature returns the type that is written like those of functions.
func signature(text string) (t wasm.FuncType) {
	types := map[rune]wasm.ValueType{'i': wasm.I32, 'l': wasm.I64, 'd': wasm.F64}
	params, results, _ := strings.Cut(text, ":")
	for _, c := range params {
		t.Params = append(t.Params, types[c])
	}
	for _, c := range results {
		t.Results = append(t.Results, types[c])
	}
	return t
}

// exports are the functions of an instance. Each is made when it is first called, and
// has a stack: none is called while it runs.
type exports struct {
	inst  *guest.Instance
	made  [functionCount]engine.Function
	known [functionCount]bool
	stack [functionCount][5]uint64
}

// call calls a function inside guest.Instance.Drive or a host function.
func (e *exports) call(f function, params ...uint64) uint64 {
	if !e.known[f] {
		e.made[f], _ = e.inst.Function(functions[f].name)
		e.known[f] = true
	}
	stack := &e.stack[f]
	copy(stack[:], params)
	e.inst.Do(e.made[f], stack[:])
	return stack[0]
}
