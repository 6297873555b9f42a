;; Imports a global that does not exist.
(module
  (import "env" "base" (global i32))
  (func (export "run")))
