;; Imports a host function with another type than it has.
(module
  (import "wexec/v1" "log" (func (param i64)))
  (func (export "run")))
