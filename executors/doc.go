// Package executors runs jobs in the way that suits them and gives the caller
// a future. It knows nothing of WebAssembly.
//
// A [Future] is a result to come. There are two executors: a [Pool] runs each
// job on a worker of its own (mode blocking, mode cpu, and guests of mode io
// that hold one call), and a [Loop] lets one actor hold many jobs at once
// (mode io). Both keep their jobs in a [roster]: a bounded queue with
// priorities, a deadline for the time in the queue and one for the time
// running, and one way to stop.
//
//	Submit ─▶ queue ─▶ running ─▶ the job resolves its promise
//	            │          │
//	         Abandon      Stop      (cancelled, expired, executor closed)
package executors
