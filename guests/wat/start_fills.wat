;; Its start function fills its memory for ever, in one instruction at a time.
(module
  (memory (export "memory") 256)
  (func $start (loop $l (memory.fill (i32.const 0) (i32.const 7) (i32.const 0x1000000)) (br $l)))
  (start $start)
  (func (export "run")))
