;; Starts with a table of 2^32 - 1 elements, which is 32 GiB.
(module
  (table 0xffffffff funcref)
  (func (export "run")))
