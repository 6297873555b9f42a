;; Its start function recurses until the stack is full.
(module
  (func $start (call $start))
  (start $start)
  (func (export "run")))
