;; Bare functions whose calls end in every possible way. If a way left the count
;; of the stack slightly wrong, the host would in time refuse a harmless function,
;; or allow a harmful one.
(module
  (type $hop (func (param i32)))
  (memory (export "memory") 1)
  (table $calls funcref (elem $hop_indirect $rope_indirect))

  ;; Endless, but otherwise harmless: the stack never gets deep.
  (func (export "ends_by_tail_call") (loop $l (call $hop (i32.const 3)) (br $l)))
  (func $hop (type $hop)
    (if (local.get 0) (then (return_call $hop (i32.sub (local.get 0) (i32.const 1))))))
  (func (export "ends_by_indirect_tail_call") (loop $l (call $hop_indirect (i32.const 3)) (br $l)))
  (func $hop_indirect (type $hop)
    (if (local.get 0) (then
      (return_call_indirect $calls (type $hop) (i32.sub (local.get 0) (i32.const 1)) (i32.const 0)))))
  (func (export "ends_by_tail_call_of_wider") (loop $l (call $narrow (i32.const 3)) (br $l)))
  (func $narrow (type $hop) (return_call $wide (local.get 0)))
  (func $wide (type $hop)
    (local i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64)
    (if (local.get 0) (then (return_call $narrow (i32.sub (local.get 0) (i32.const 1))))))
  (func (export "ends_by_return") (loop $l (call $returns (i32.const 3)) (br $l)))
  (func $returns (type $hop)
    (block (loop (block
      (if (i32.eqz (local.get 0)) (then (return)))
      (call $returns (i32.sub (local.get 0) (i32.const 1)))
      (return)))))
  (func (export "ends_by_br") (loop $l (call $leaves (i32.const 3)) (br $l)))
  (func $leaves (type $hop)
    (block (loop (block
      (br_if 3 (i32.eqz (local.get 0)))
      (call $leaves (i32.sub (local.get 0) (i32.const 1)))
      (br_table 3 3 (local.get 0))))))

  ;; Endless, and every second call is not a tail call: the stack gets deep.
  (func $rope (export "deep_by_tail_call") (call $strand))
  (func $strand (return_call $rope))
  (func $cord (export "deep_by_indirect_tail_call") (call $rope_indirect (i32.const 0)))
  (func $rope_indirect (type $hop) (call $rope_on (i32.const 1)))
  (func $rope_on (type $hop)
    (return_call_indirect $calls (type $hop) (local.get 0) (i32.const 1)))

  ;; Instructions that do nothing, or that the host executes.
  (func (export "fill_nothing") (loop $l (memory.fill (i32.const 0) (i32.const 0) (i32.const 0)) (br $l)))
  (func (export "copy_nothing") (loop $l (memory.copy (i32.const 0) (i32.const 0) (i32.const 0)) (br $l)))
  (func (export "grow_nothing") (loop $l (drop (memory.grow (i32.const 0))) (br $l)))
)
