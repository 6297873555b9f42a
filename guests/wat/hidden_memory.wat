;; Starts with four pages of memory that it does not export.
(module (memory 4) (func (export "run")))
