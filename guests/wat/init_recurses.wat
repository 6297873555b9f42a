;; Its initialisation recurses until the stack is full.
(module
  (func $init (export "_initialize") (call $init))
  (func (export "run")))
