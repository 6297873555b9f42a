;; A resumable guest whose initialisation does not end.
(module
  (memory (export "memory") 1)
  (func (export "_initialize") (loop $l (br $l)))
  (func (export "wexec_resume") (result i32) (i32.const 0)))
