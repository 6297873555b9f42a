;; A program that prints, and then fails as its input says: exit, trap, spin or sleep.
(module
  (import "wasi_snapshot_preview1" "fd_read" (func $fd_read (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_write" (func $fd_write (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "poll_oneoff" (func $poll_oneoff (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "proc_exit" (func $proc_exit (param i32)))
  (memory (export "memory") 1)
  (data (i32.const 0) "\40\00\00\00\10\00\00\00") ;; where the input goes
  (data (i32.const 16) "\20\00\00\00\07\00\00\00")
  (data (i32.const 32) "so far\n")
  ;; A clock, the monotonic one, in an hour.
  (data (i32.const 128) "\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\01\00\00\00\00\00\00\00\00\a0\b8\30\46\03\00\00")
  (func (export "_start") (local $how i32)
    (drop (call $fd_read (i32.const 0) (i32.const 0) (i32.const 1) (i32.const 256)))
    (drop (call $fd_write (i32.const 1) (i32.const 16) (i32.const 1) (i32.const 256)))
    (local.set $how (i32.load8_u offset=1 (i32.const 64))) ;; the second letter
    (if (i32.eq (local.get $how) (i32.const 0x78)) (then (call $proc_exit (i32.const 3))))
    (if (i32.eq (local.get $how) (i32.const 0x72)) (then (unreachable)))
    (if (i32.eq (local.get $how) (i32.const 0x70)) (then (loop $l (br $l))))
    (drop (call $poll_oneoff (i32.const 128) (i32.const 256) (i32.const 1) (i32.const 300)))))
