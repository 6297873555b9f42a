// Package abi is the contract between a guest and its host: the table of host
// functions, the manifest, the status codes and the wire forms. SPEC.md says
// the same in words and is normative. The files in testdata are test vectors
// for implementations in any language.
//
// The package depends on no runtime and is small enough to be compiled into a
// guest: sdk/go imports it.
package abi

import "strings"

// Names that are part of the contract.
const (
	// ImportModule is the module name of every host function.
	ImportModule = "wexec/v1"
	// ManifestSection is the custom section that holds the manifest.
	ManifestSection = "wexec.v1"

	// ExportManifest returns where the manifest is; see SPEC.md, section 3.
	ExportManifest = "wexec_manifest"
	// ExportCall enters a direct-style guest with one call.
	ExportCall = "wexec_call"
	// ExportResume enters a resumable guest, which takes its events with next.
	ExportResume = "wexec_resume"
	// ExportMemory is the linear memory that pointers refer to.
	ExportMemory = "memory"
	// ExportInitialize, if it exists, is run once, before any task.
	ExportInitialize = "_initialize"
	// ExportStart makes a module without a manifest a WASI command.
	ExportStart = "_start"
)

// What wexec_resume returns.
const (
	// ResumeWait asks to be entered again when there are events.
	ResumeWait = 0
	// ResumeYield asks to be entered again soon: the guest has more work.
	ResumeYield = 1
)

// Capabilities. The host decides which of them a module may use.
const (
	// CapSleep ends after a delay. Argument: nanoseconds, 8 bytes, little-endian.
	CapSleep = "clock.sleep"
	// CapTaskCall calls another task. Argument: a message whose head is a
	// TaskCall and whose body is the input. Result: the task's output.
	CapTaskCall = "task.call"
	// CapStreamRead reads from a stream that another op has opened for the call.
	// Argument: its handle and the most bytes to read, 8 bytes. Result: at least one
	// byte, or none at the stream's end.
	CapStreamRead = "stream.read"
	// CapStreamWrite writes to a stream, and ends when all is written. Argument: its
	// handle, 4 bytes, and the bytes.
	CapStreamWrite = "stream.write"
	// CapStreamClose closes a stream. Argument: its handle.
	CapStreamClose = "stream.close"
	// CapStreamPipe opens a stream that gives what is written to it to an op that
	// takes it, such as http.open. Result: its handle.
	CapStreamPipe = "stream.pipe"
	// CapConfig gets a value that the host sets for the module. Argument: its name.
	// Result: a byte, 1, and the value; or nothing if there is none.
	CapConfig = "config.get"
	// CapNow gets the time. Result: nanoseconds since 1970 in UTC, 8 bytes.
	CapNow = "clock.now"
	// CapRandom gets random bytes. Argument: how many, 4 bytes, at most 65,536.
	CapRandom = "random.bytes"
	// CapKVGet reads a key. Argument: the key. Result: its version and its value.
	CapKVGet = "kv.get"
	// CapKVPut writes a key. Argument: a KVPut. Result: the key's new version.
	CapKVPut = "kv.put"
	// CapKVDelete deletes a key. Argument: the version that it must have, and the key.
	// Result: the version that it had.
	CapKVDelete = "kv.delete"
	// CapKVAdd adds to a number. Argument: what to add, and the key. Result: the sum.
	CapKVAdd = "kv.add"
	// CapKVScan lists keys. Argument: their prefix and the key after which to begin,
	// counted. Result: the handle of a stream of entries.
	CapKVScan = "kv.scan"
	// CapFilesOpen opens a file. Argument: a FileOpen. Result: the handle of a stream.
	CapFilesOpen = "files.open"
	// CapFilesRead reads a whole file. Argument: its path. Result: its bytes.
	CapFilesRead = "files.read"
	// CapFilesWrite replaces or makes a file as a whole. Argument: its path and its
	// bytes, counted.
	CapFilesWrite = "files.write"
	// CapFilesStat describes a file. Argument: its path. Result: a FileStat.
	CapFilesStat = "files.stat"
	// CapFilesList lists a directory. Argument: its path. Result: the handle of a
	// stream of entries.
	CapFilesList = "files.list"
	// CapFilesRemove removes a file, a link or an empty directory. Argument: its path.
	CapFilesRemove = "files.remove"
	// CapFilesMkdir makes a directory. Argument: its path.
	CapFilesMkdir = "files.mkdir"
	// CapFilesRename renames a file. Argument: the path and the new path, counted.
	CapFilesRename = "files.rename"
	// CapFetch makes an HTTP request. Argument and result: messages.
	CapFetch = "http.fetch"
	// CapOpen makes an HTTP request whose bodies are streams. Argument: a message.
	// Result: the head of a response, with the handle of a stream to read its body.
	CapOpen = "http.open"
)

// TaskCall is the head of the argument of the capability task.call.
type TaskCall struct {
	// Task is the name of the task to call.
	Task string `json:"task"`
	// Module is the name of the task's module; empty means the caller's own.
	Module string `json:"module,omitempty"`
}

// LogLevel is the first argument of the import log.
type LogLevel uint32

// The log levels, lowest first. A level above LogError counts as LogError.
const (
	LogDebug LogLevel = iota
	LogInfo
	LogWarn
	LogError
)

// Covers reports whether a name grants an op: it is the op's own, or that of all ops
// that begin with it and a dot. "kv" covers "kv.get".
func Covers(name, op string) bool {
	rest, ok := strings.CutPrefix(op, name)
	return ok && (rest == "" || rest[0] == '.')
}
