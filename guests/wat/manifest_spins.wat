;; Never says what its tasks are.
(module
  (memory (export "memory") 1)
  (func (export "wexec_manifest") (result i64) (loop $l (br $l)) (unreachable)))
