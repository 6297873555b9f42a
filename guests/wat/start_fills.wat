;; Its start function fills its memory for ever, with one instruction each time.
(module
  (memory (export "memory") 256)
  (func $start (loop $l (memory.fill (i32.const 0) (i32.const 7) (i32.const 0x1000000)) (br $l)))
  (start $start)
  (func (export "run")))
