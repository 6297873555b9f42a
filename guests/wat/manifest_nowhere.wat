;; Says where its manifest is, and has no memory for it to be in.
(module
  (memory (export "memory") 0)
  (func (export "wexec_call") (param i32 i32))
  (func (export "wexec_manifest") (result i64) (i64.const 4)))
