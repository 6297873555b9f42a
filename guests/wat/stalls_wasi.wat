;; A command that misbehaves. The first letter of its argument says how.
(module
  (import "wasi_snapshot_preview1" "args_get" (func $args_get (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "clock_time_get" (func $clock_time_get (param i32 i64 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_read" (func $fd_read (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_write" (func $fd_write (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "poll_oneoff" (func $poll_oneoff (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "proc_exit" (func $proc_exit (param i32)))
  (import "wasi_snapshot_preview1" "random_get" (func $random_get (param i32 i32) (result i32)))

  ;; 64     the result of a call
  ;; 128    a subscription to a clock, for an hour
  ;; 256    its event, or the arguments
  ;; 4 Ki   iovecs of 64 KiB: of newlines, and of zeros
  ;; 64 Ki  newlines
  ;; 128 Ki zeros
  ;; 1 Mi   a million iovecs of zeros
  (memory (export "memory") 144)
  (data (i32.const 144) "\00\00\00\00\00\00\00\00\00\a0\b8\30\46\03\00\00")
  (data (i32.const 0x1000) "\00\00\01\00\00\00\01\00\00\00\02\00\00\00\01\00")

  (func $letter (result i32)
    (drop (call $args_get (i32.const 256) (i32.const 512)))
    (i32.load8_u (i32.load (i32.const 260))))

  (func (export "_start")
    (local $letter i32) (local $at i32)
    (memory.fill (i32.const 0x10000) (i32.const 10) (i32.const 0x10000))
    (local.set $letter (call $letter))
    (block $wide (block $sleep (block $random (block $pipe (block $outside (block $newlines (block $clock
      (br_if $clock (i32.eq (local.get $letter) (i32.const 0x63)))    ;; c
      (br_if $newlines (i32.eq (local.get $letter) (i32.const 0x6e))) ;; n
      (br_if $outside (i32.eq (local.get $letter) (i32.const 0x6f)))  ;; o
      (br_if $pipe (i32.eq (local.get $letter) (i32.const 0x70)))     ;; p
      (br_if $random (i32.eq (local.get $letter) (i32.const 0x72)))   ;; r
      (br_if $sleep (i32.eq (local.get $letter) (i32.const 0x73)))    ;; s
      (br_if $wide (i32.eq (local.get $letter) (i32.const 0x77)))     ;; w
      ;; Anything else: writes iovecs that are not there.
      (call $proc_exit (call $fd_write (i32.const 2) (i32.const 0x1000) (i32.const -1) (i32.const 64)))
      (unreachable)) ;; clock
      (loop $l (drop (call $clock_time_get (i32.const 0) (i64.const 0) (i32.const 64))) (br $l))) ;; newlines
      (loop $l (drop (call $fd_write (i32.const 2) (i32.const 0x1000) (i32.const 1) (i32.const 64))) (br $l))) ;; outside
      (call $proc_exit (call $random_get (i32.const 0) (i32.const -1)))) ;; pipe
      (loop $l (drop (call $fd_read (i32.const 0) (i32.const 0x1000) (i32.const 1) (i32.const 64))) (br $l))) ;; random
      (loop $l (drop (call $random_get (i32.const 0) (i32.const 0x900000))) (br $l))) ;; sleep
      (loop $l (drop (call $poll_oneoff (i32.const 128) (i32.const 256) (i32.const 1) (i32.const 64))) (br $l))) ;; wide
    (local.set $at (i32.const 0x100000))
    (loop $l
      (i64.store (local.get $at) (i64.load (i32.const 0x1008)))
      (br_if $l (i32.lt_u (local.tee $at (i32.add (local.get $at) (i32.const 8))) (i32.const 0x900000))))
    (loop $l
      (drop (call $fd_write (i32.const 2) (i32.const 0x100000) (i32.const 0x100000) (i32.const 64)))
      (br $l)))
)
