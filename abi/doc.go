// Package abi is what a guest and its host agree on: the table of host
// functions, the manifest, the status codes and the wire forms. SPEC.md says
// the same in words and is normative; the files in testdata are the vectors
// that every implementation, in any language, is checked against.
//
// The package knows nothing of any runtime and is small enough to be compiled
// into a guest: sdk/go imports it.
package abi

// Names that are part of the contract.
const (
	// ImportModule is the module name of every host function.
	ImportModule = "wexec/v1"
	// ManifestSection is the custom section that holds the manifest.
	ManifestSection = "wexec.v1"

	// ExportManifest returns the place of the manifest, see SPEC.md section 3.
	ExportManifest = "wexec_manifest"
	// ExportCall enters a direct-style guest with one call.
	ExportCall = "wexec_call"
	// ExportResume enters a resumable guest, which takes its events with next.
	ExportResume = "wexec_resume"
	// ExportMemory is the linear memory that pointers refer to.
	ExportMemory = "memory"
	// ExportInitialize is run once, before anything else, where it exists.
	ExportInitialize = "_initialize"
	// ExportStart makes a module without a manifest a WASI command.
	ExportStart = "_start"
)

// What wexec_resume returns.
const (
	// ResumeWait means: enter me again when there are events.
	ResumeWait = 0
	// ResumeYield means: enter me again soon, there is work left.
	ResumeYield = 1
)

// The capabilities that every wexec host has. Whether a module may use them
// is the host's to say.
const (
	// CapSleep ends after a time. Argument: nanoseconds, 8 bytes, little-endian.
	CapSleep = "clock.sleep"
	// CapTaskCall calls another task. Argument: a message whose head is a
	// TaskCall and whose body is the input. Result: the task's output.
	CapTaskCall = "task.call"
	// CapFetch makes an HTTP request. Argument and result: messages.
	CapFetch = "http.fetch"
)

// TaskCall is the head of the argument of the capability task.call.
type TaskCall struct {
	// Task is the name of the task to call.
	Task string `json:"task"`
	// Module is the name of the module it is in; empty means the caller's own.
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
