;; Bare functions that keep the host busy: they make system calls without end, or
;; one very large system call.
(module
  (import "wasi_snapshot_preview1" "clock_time_get" (func $clock_time_get (param i32 i64 i32) (result i32)))
  (import "wasi_snapshot_preview1" "environ_sizes_get" (func $environ_sizes_get (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_prestat_get" (func $fd_prestat_get (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_renumber" (func $fd_renumber (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_read" (func $fd_read (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_write" (func $fd_write (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "path_filestat_get" (func $path_filestat_get (param i32 i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "path_open" (func $path_open (param i32 i32 i32 i32 i32 i64 i64 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "poll_oneoff" (func $poll_oneoff (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "random_get" (func $random_get (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "sched_yield" (func $sched_yield (result i32)))
  (import "wexec/v1" "log" (func $log (param i32 i32 i32)))

  ;; 64   the result of a call
  ;; 128  a subscription to a clock, for an hour
  ;; 256  its event
  ;; 4 Ki an iovec of 4 KiB
  ;; 1 Mi iovecs, up to the end of the memory
  (memory (export "memory") 1)
  (data (i32.const 144) "\00\00\00\00\00\00\00\00\00\a0\b8\30\46\03\00\00")
  (data (i32.const 512) ".")
  (data (i32.const 0x1000) "\00\20\00\00\00\10\00\00")

  (func $memory_full (result i32)
    (loop $l (br_if $l (i32.ne (memory.grow (i32.const 15)) (i32.const -1))))
    (i32.mul (memory.size) (i32.const 65536)))

  ;; Writes the same bytes to standard error many times in one call: once for each
  ;; iovec that fits between 1 MiB and $end.
  (func $write_often (param $length i32) (param $end i32)
    (local $at i32)
    (local.set $at (i32.const 0x100000))
    (loop $l
      (i32.store offset=4 (local.get $at) (local.get $length))
      (br_if $l (i32.lt_u (local.tee $at (i32.add (local.get $at) (i32.const 8))) (local.get $end))))
    (drop (call $fd_write (i32.const 2) (i32.const 0x100000)
      (i32.shr_u (i32.sub (local.get $end) (i32.const 0x100000)) (i32.const 3)) (i32.const 64))))

  (func (export "clock") (loop $l (drop (call $clock_time_get (i32.const 0) (i64.const 0) (i32.const 64))) (br $l)))
  (func (export "environ") (loop $l (drop (call $environ_sizes_get (i32.const 64) (i32.const 64))) (br $l)))
  (func (export "prestat") (loop $l (drop (call $fd_prestat_get (i32.const 3) (i32.const 64))) (br $l)))
  (func (export "read") (loop $l (drop (call $fd_read (i32.const 0) (i32.const 0x1000) (i32.const 1) (i32.const 64))) (br $l)))
  (func (export "yield") (loop $l (drop (call $sched_yield)) (br $l)))
  (func (export "log") (loop $l (call $log (i32.const 1) (i32.const 0) (i32.const 64)) (br $l)))
  (func (export "log_much") (loop $l (call $log (i32.const 1) (i32.const 0) (i32.const 65536)) (br $l)))
  (func (export "random") (local $n i32)
    (local.set $n (call $memory_full))
    (loop $l (drop (call $random_get (i32.const 0) (local.get $n))) (br $l)))
  (func (export "write") (loop $l (drop (call $fd_write (i32.const 2) (i32.const 0x1000) (i32.const 1) (i32.const 64))) (br $l)))
  (func (export "write_wide")
    (drop (call $memory_full))
    (call $write_often (i32.const 0x10000) (i32.const 0x900000)))
  (func (export "write_narrow") (call $write_often (i32.const 1) (call $memory_full)))
  (func (export "write_empty") (call $write_often (i32.const 0) (call $memory_full)))
  (func (export "sleep") (drop (call $poll_oneoff (i32.const 128) (i32.const 256) (i32.const 1) (i32.const 64))))

  ;; Calls that the host refuses. Each returns an errno.
  (func (export "random_outside") (result i32) (call $random_get (i32.const 0) (i32.const -1)))
  (func (export "write_outside") (result i32) (call $fd_write (i32.const 2) (i32.const 0) (i32.const -1) (i32.const 64)))
  (func (export "read_outside") (result i32) (call $fd_read (i32.const 0) (i32.const 0) (i32.const -1) (i32.const 64)))
  (func (export "poll_outside") (result i32) (call $poll_oneoff (i32.const 0) (i32.const 0) (i32.const -1) (i32.const 64)))
  ;; The length of the subscriptions overflows to 0 in 32 bits.
  (func (export "poll_wrapped") (result i32) (call $poll_oneoff (i32.const 0) (i32.const 0) (i32.const 0x10000000) (i32.const 64)))
  ;; A path as long as the memory.
  (func (export "path_long") (result i32)
    (call $path_filestat_get (i32.const 3) (i32.const 0) (i32.const 0) (call $memory_full) (i32.const 0)))
  ;; Opens the first mount, and renumbers it to the largest possible descriptor.
  (func (export "renumber_far") (result i32)
    (drop (call $path_open (i32.const 3) (i32.const 0) (i32.const 512) (i32.const 1) (i32.const 2) (i64.const 0) (i64.const 0) (i32.const 0) (i32.const 64)))
    (call $fd_renumber (i32.load (i32.const 64)) (i32.const 0x7fffffff)))
)
