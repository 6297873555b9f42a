;; Writes to as many pages of 4 KiB as its parameter says. Its memory of 4 MiB is
;; full of data.
(module
  (memory (export "memory") 64)
  (func (export "_initialize") (memory.fill (i32.const 0) (i32.const 7) (i32.const 0x400000)))
  (func (export "touch") (param $pages i32) (local $at i32)
    (local.set $at (i32.shl (local.get $pages) (i32.const 12)))
    (loop $again
      (local.set $at (i32.sub (local.get $at) (i32.const 4096)))
      (i32.store (local.get $at) (i32.const 1))
      (br_if $again (local.get $at)))))
