;; Calls until the stack is full instead of saying what its tasks are.
(module
  (memory (export "memory") 1)
  (func $manifest (export "wexec_manifest") (result i64) (call $manifest)))
