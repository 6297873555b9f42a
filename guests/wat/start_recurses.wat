;; Its start function calls until the stack is full.
(module
  (func $start (call $start))
  (start $start)
  (func (export "run")))
