;; Its initialisation does not end.
(module
  (func (export "_initialize") (loop $l (br $l)))
  (func (export "run")))
