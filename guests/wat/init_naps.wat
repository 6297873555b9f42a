;; Its initialisation sleeps for a millisecond in a system call.
(module
  (import "wasi_snapshot_preview1" "poll_oneoff" (func $poll_oneoff (param i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 1)
  ;; A clock, the monotonic one, in a million nanoseconds.
  (data (i32.const 128) "\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\01\00\00\00\00\00\00\00\40\42\0f\00\00\00\00\00")
  (func (export "_initialize") (drop (call $poll_oneoff (i32.const 128) (i32.const 256) (i32.const 1) (i32.const 300))))
  (func (export "run")))
