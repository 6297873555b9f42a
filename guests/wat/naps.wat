;; A resumable guest that sleeps for a millisecond in a system call, and then ends each
;; call with no output.
(module
  (import "wexec/v1" "next" (func $next (param i32 i32) (result i32)))
  (import "wexec/v1" "output" (func $output (param i32 i32 i32)))
  (import "wasi_snapshot_preview1" "poll_oneoff" (func $poll_oneoff (param i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 1)
  ;; A clock, the monotonic one, in a million nanoseconds.
  (data (i32.const 128) "\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\01\00\00\00\00\00\00\00\40\42\0f\00\00\00\00\00")
  (func (export "wexec_resume") (result i32)
    (block $done
      (loop $more
        (br_if $done (i32.eqz (call $next (i32.const 0) (i32.const 1))))
        (drop (call $poll_oneoff (i32.const 128) (i32.const 256) (i32.const 1) (i32.const 300)))
        (call $output (i32.load (i32.const 4)) (i32.const 0) (i32.const 0))
        (br $more)))
    (i32.const 0)))
