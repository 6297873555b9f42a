;; Bare functions that try to keep Go from stopping the world: code that is fast, so that
;; slices of fuel grow, and then code that is as slow as it can be for its fuel.
(module
  (memory (export "memory") 4096)
  (data (i32.const 0) "x")

  ;; 15 units a nanosecond
  (func $fast (local $n i32)
    (local.set $n (i32.const 4000000))
    (loop $again (br_if $again (local.tee $n (i32.sub (local.get $n) (i32.const 1))))))

  ;; Each page is read, and then written. The trap makes the next call begin without pages.
  (func (export "touch") (call $fast) (call $write) (unreachable))
  (func $write (local $p i32)
    (local.set $p (i32.mul (memory.size) (i32.const 65536)))
    (loop $again
      (local.set $p (i32.sub (local.get $p) (i32.const 4096)))
      (i32.store (local.get $p) (i32.or (i32.load (local.get $p)) (i32.const 1)))
      (br_if $again (local.get $p))))

  ;; Each store touches two pages.
  (func (export "straddle") (local $p i32)
    (call $fast)
    (loop $again
      (i64.store offset=4092 (local.get $p) (i64.const 1))
      (i64.store offset=12284 (local.get $p) (i64.const 1))
      (i64.store offset=20476 (local.get $p) (i64.const 1))
      (i64.store offset=28668 (local.get $p) (i64.const 1))
      (i64.store offset=36860 (local.get $p) (i64.const 1))
      (i64.store offset=45052 (local.get $p) (i64.const 1))
      (i64.store offset=53244 (local.get $p) (i64.const 1))
      (i64.store offset=61436 (local.get $p) (i64.const 1))
      (local.set $p (i32.add (local.get $p) (i32.const 65536)))
      (br_if $again (i32.lt_u (local.get $p) (i32.const 268369920))))
    (unreachable))

  ;; Each load depends on the one before, and none is in a cache.
  (func (export "chase") (local $i i32) (local $p i32)
    (loop $again ;; slot i leads to slot 1664525 i + 1013904223, of 4 Mi slots of 64 bytes
      (i32.store (i32.shl (local.get $i) (i32.const 6))
        (i32.shl (i32.and (i32.const 0x3fffff)
          (i32.add (i32.mul (local.get $i) (i32.const 1664525)) (i32.const 1013904223))) (i32.const 6)))
      (br_if $again (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const 0x400000))))
    (local.set $i (i32.const 20))
    (loop $turn
      (call $fast)
      (local.set $p (call $follow (local.get $p)))
      (br_if $turn (local.tee $i (i32.sub (local.get $i) (i32.const 1))))))
  (func $follow (param $p i32) (result i32) (local $i i32)
    (local.set $i (i32.const 1000))
    (loop $again
      (local.set $p
        (i32.load (i32.load (i32.load (i32.load (i32.load (i32.load (i32.load (i32.load
        (i32.load (i32.load (i32.load (i32.load (i32.load (i32.load (i32.load (i32.load
        (i32.load (i32.load (i32.load (i32.load (i32.load (i32.load (i32.load (i32.load
        (i32.load (i32.load (i32.load (i32.load (i32.load (i32.load (i32.load (i32.load
          (local.get $p))))))))))))))))))))))))))))))))))
      (br_if $again (local.tee $i (i32.sub (local.get $i) (i32.const 1)))))
    (local.get $p))

  ;; Some processors take 50 ns for a number that is almost 0.
  (func (export "tiny") (local $i i32) (local $x f64)
    (call $fast)
    (local.set $i (i32.const 100000))
    (local.set $x (f64.const 1e-310))
    (loop $again
      (local.set $x (f64.mul (f64.mul (f64.mul (f64.mul (f64.mul (f64.mul (f64.mul (f64.mul (local.get $x)
        (f64.const 1.01)) (f64.const 0.99)) (f64.const 1.01)) (f64.const 0.99))
        (f64.const 1.01)) (f64.const 0.99)) (f64.const 1.01)) (f64.const 0.99)))
      (br_if $again (local.tee $i (i32.sub (local.get $i) (i32.const 1))))))

  ;; Half of the memory is copied to the other half.
  (func (export "copy")
    (call $fast)
    (memory.copy (i32.const 134217728) (i32.const 0) (i32.const 134217728))
    (unreachable))

  ;; All pages are to be restored.
  (func (export "write") (call $fast) (call $write))
)
