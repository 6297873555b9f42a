;; Calls the host from its start function.
(module
  (import "wexec/v1" "log" (func $log (param i32 i32 i32)))
  (memory (export "memory") 1)
  (data (i32.const 0) "started")
  (func $start (call $log (i32.const 1) (i32.const 0) (i32.const 7)))
  (start $start)
  (func (export "run")))
