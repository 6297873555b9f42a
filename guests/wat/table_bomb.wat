;; Begins with a table of 32 GB.
(module
  (table 0xffffffff funcref)
  (func (export "run")))
