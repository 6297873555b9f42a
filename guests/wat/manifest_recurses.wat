;; Recurses until the stack is full instead of returning its manifest.
(module
  (memory (export "memory") 1)
  (func (export "wexec_call") (param i32 i32))
  (func $manifest (export "wexec_manifest") (result i64) (call $manifest)))
