// Package executors runs jobs in the way that suits them and gives the caller
// a [Future] for each. It knows nothing of WebAssembly.
//
// An [Executor] takes jobs into a bounded queue with priorities, runs them,
// cancels those that take too long, and stops in one way. This package has
// two. A [Pool] runs each job on a worker of its own; it suits jobs that
// compute or block. A [Loop] lets one [Actor] hold many jobs at once; it suits
// jobs that mostly wait. A type elsewhere can be an executor, too: package
// executorstest has the tests that each must pass.
//
//	Submit ─▶ queue ─▶ running ─▶ the job settles its promise
//	            │          │
//	         Abandon      Stop      (cancelled, timed out, executor closed)
//
// [Then], [All], [Race], [Map] and [AsCompleted] combine futures.
package executors
