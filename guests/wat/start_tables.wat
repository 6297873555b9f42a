;; Its start changes a table, which the host can't restore.
(module
  (import "wexec/v1" "output" (func $output (param i32 i32 i32)))
  (memory (export "memory") 1)
  (table $t 2 funcref)
  (elem declare func $start)
  (func $start (table.set $t (i32.const 1) (ref.func $start)))
  (start $start)
  (func (export "wexec_call") (param i32 i32) (call $output (local.get 1) (i32.const 0) (i32.const 0))))
