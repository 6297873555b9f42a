;; Calls until the stack is full instead of saying what its tasks are.
(module
  (memory (export "memory") 1)
  (func (export "wexec_call") (param i32 i32))
  (func $manifest (export "wexec_manifest") (result i64) (call $manifest)))
