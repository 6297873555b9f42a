;; Sleeps for an hour, in a system call, before it returns its manifest.
(module
  (import "wasi_snapshot_preview1" "poll_oneoff" (func $poll_oneoff (param i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 1)
  (data (i32.const 16) "\00\00\00\00\00\00\00\00\00\a0\b8\30\46\03\00\00")
  (func (export "wexec_call") (param i32 i32))
  (func (export "wexec_manifest") (result i64)
    (drop (call $poll_oneoff (i32.const 0) (i32.const 64) (i32.const 1) (i32.const 128)))
    (i64.const 0)))
