;; Calls env.abort without having a memory.
(module
  (import "env" "abort" (func $abort (param i32 i32 i32 i32)))
  (func (export "abort") (call $abort (i32.const 16) (i32.const 64) (i32.const 1) (i32.const 2))))
