;; Imports a global that nobody has.
(module
  (import "env" "base" (global i32))
  (func (export "run")))
