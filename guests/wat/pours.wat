;; A command that writes to its standard output for ever, and ignores errors.
;; Without arguments it writes 64 KiB at a time, otherwise a million such pieces.
(module
  (import "wasi_snapshot_preview1" "args_sizes_get" (func $args_sizes_get (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_write" (func $fd_write (param i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 200)
  (func (export "_start")
    (local $at i32) (local $count i32)
    (drop (call $args_sizes_get (i32.const 0) (i32.const 4)))
    (local.set $count (select (i32.const 0x100000) (i32.const 1) (i32.gt_u (i32.load (i32.const 0)) (i32.const 1))))
    (local.set $at (i32.const 0x100000))
    (loop $l
      (i32.store offset=4 (local.get $at) (i32.const 0x10000))
      (br_if $l (i32.lt_u (local.tee $at (i32.add (local.get $at) (i32.const 8))) (i32.const 0x900000))))
    (loop $pour
      (drop (call $fd_write (i32.const 1) (i32.const 0x100000) (local.get $count) (i32.const 16)))
      (br $pour))))
