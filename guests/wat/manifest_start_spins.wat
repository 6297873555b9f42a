;; Its start function does not end, so it never returns its manifest.
(module
  (memory (export "memory") 1)
  (func $start (loop $l (br $l)))
  (start $start)
  (func (export "wexec_call") (param i32 i32))
  (func (export "wexec_manifest") (result i64) (i64.const 0)))
