package abi

import "strconv"

// Status says how an op or a call ended. The same words are used everywhere:
// for the status of an op, the kind of a host error, and the field error.kind
// in the command's JSON.
type Status uint32

// The statuses. A number never changes its meaning.
const (
	OK              Status = 0
	Failed          Status = 1  // the task or the capability reported a failure
	Trap            Status = 2  // the guest did what WebAssembly or the ABI forbids
	Exit            Status = 3  // the guest called proc_exit
	Timeout         Status = 4  // a deadline passed, in the queue or while running
	Cancelled       Status = 5  // the result is no longer wanted
	Denied          Status = 6  // not granted
	QueueFull       Status = 7  // a limit on queued or running work was reached
	InstanceLost    Status = 8  // another call ended the instance
	NoSuchTask      Status = 9  // no task or module has that name
	InvalidInput    Status = 10 // an input or argument is malformed, too large, or against its schema
	Closed          Status = 11 // the host is closing
	InvalidModule   Status = 12
	InvalidManifest Status = 13
	OutOfFuel       Status = 14 // the call computed more than it may
)

var statusNames = [...]string{
	OK:              "ok",
	Failed:          "failed",
	Trap:            "trap",
	Exit:            "exit",
	Timeout:         "timeout",
	Cancelled:       "cancelled",
	Denied:          "denied",
	QueueFull:       "queue_full",
	InstanceLost:    "instance_lost",
	NoSuchTask:      "no_such_task",
	InvalidInput:    "invalid_input",
	Closed:          "closed",
	InvalidModule:   "invalid_module",
	InvalidManifest: "invalid_manifest",
	OutOfFuel:       "out_of_fuel",
}

// Statuses returns all statuses, in the order of their numbers.
func Statuses() []Status {
	all := make([]Status, len(statusNames))
	for i := range all {
		all[i] = Status(i)
	}
	return all
}

// String returns the status's word, or "status(n)" for a number that this
// version does not know.
func (s Status) String() string {
	if int(s) < len(statusNames) {
		return statusNames[s]
	}
	return "status(" + strconv.Itoa(int(s)) + ")"
}

// Known reports whether this version has a word for s.
func (s Status) Known() bool { return int(s) < len(statusNames) }
