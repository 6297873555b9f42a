;; Loops for ever instead of returning its manifest.
(module
  (memory (export "memory") 1)
  (func (export "wexec_call") (param i32 i32))
  (func (export "wexec_manifest") (result i64) (loop $l (br $l)) (unreachable)))
