;; Imports a host function with the wrong type.
(module
  (import "wexec/v1" "log" (func (param i64)))
  (func (export "run")))
