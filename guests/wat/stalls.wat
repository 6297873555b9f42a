;; Bare functions that run for ever, or for years, each in a different way, and
;; some that recurse until the stack is full.
(module
  (type $none (func))
  (type $tree (func (param i32) (result i32)))
  (memory (export "memory") 1)
  (table $calls funcref (elem $tail_indirect $ping $pong $grove))
  (table $room 1 funcref)
  (data $bytes "sixteen bytes ..")
  (elem $functions func $ping $pong $ping $pong)

  ;; Every kind of loop.
  (func (export "loop_br") (loop $l (br $l)))
  (func (export "loop_br_if") (loop $l (br_if $l (i32.eqz (i32.load (i32.const 0))))))
  (func (export "loop_br_table") (loop $l (block $b (br_table $b $l $b (i32.const 1)))))
  (func (export "loop_br_table_default") (loop $l (block $b (br_table $b $b $l (i32.const 7)))))
  (func (export "loop_nested") (block (loop $l (block (loop (block (block (br $l))))))))
  (func (export "loop_from_inner") (loop $outer (loop (br $outer))))
  (func (export "loop_two") (local $n i32)
    (loop $outer
      (local.set $n (i32.const 1000))
      (loop $inner (br_if $inner (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
      (br $outer)))
  (func (export "loop_values") (result i64 i32)
    (i32.const 1) (i64.const 2)
    (loop $l (param i32 i64) (result i64 i32)
      (i64.add (i64.const 1))
      (br $l)))
  (func (export "loop_in_if") (if (i32.const 1) (then (loop $l (br $l)))))
  (func (export "loop_in_else") (if (i32.const 0) (then) (else (loop $l (br $l)))))
  (func (export "loop_around_if") (loop $l (if (i32.const 1) (then (br $l)) (else))))
  (func (export "loop_of_calls") (loop $l (call $leaf) (br $l)))
  (func $leaf)

  ;; Recursion that needs no stack.
  (func $tail (export "tail_call") (return_call $tail))
  (func $even (export "tail_call_mutual") (return_call $odd))
  (func $odd (return_call $even))
  (func $tail_indirect (export "tail_call_indirect") (type $none)
    (return_call_indirect $calls (type $none) (i32.const 0)))

  ;; Trees of calls, without a loop: 2^60 calls, the same with call_indirect, and
  ;; 8^14 calls without recursion.
  (func (export "tree") (drop (call $tree (i32.const 60))))
  (func $tree (type $tree)
    (if (i32.eqz (local.get 0)) (then (return (i32.const 1))))
    (i32.add
      (call $tree (i32.sub (local.get 0) (i32.const 1)))
      (call $tree (i32.sub (local.get 0) (i32.const 1)))))
  (func (export "tree_indirect") (drop (call $grove (i32.const 60))))
  (func $grove (type $tree)
    (if (i32.eqz (local.get 0)) (then (return (i32.const 1))))
    (i32.add
      (call_indirect $calls (type $tree) (i32.sub (local.get 0) (i32.const 1)) (i32.const 3))
      (call_indirect $calls (type $tree) (i32.sub (local.get 0) (i32.const 1)) (i32.const 3))))
  (func (export "tree_of_functions") (call $1))
  (func $1 (call $2) (call $2) (call $2) (call $2) (call $2) (call $2) (call $2) (call $2))
  (func $2 (call $3) (call $3) (call $3) (call $3) (call $3) (call $3) (call $3) (call $3))
  (func $3 (call $4) (call $4) (call $4) (call $4) (call $4) (call $4) (call $4) (call $4))
  (func $4 (call $5) (call $5) (call $5) (call $5) (call $5) (call $5) (call $5) (call $5))
  (func $5 (call $6) (call $6) (call $6) (call $6) (call $6) (call $6) (call $6) (call $6))
  (func $6 (call $7) (call $7) (call $7) (call $7) (call $7) (call $7) (call $7) (call $7))
  (func $7 (call $8) (call $8) (call $8) (call $8) (call $8) (call $8) (call $8) (call $8))
  (func $8 (call $9) (call $9) (call $9) (call $9) (call $9) (call $9) (call $9) (call $9))
  (func $9 (call $10) (call $10) (call $10) (call $10) (call $10) (call $10) (call $10) (call $10))
  (func $10 (call $11) (call $11) (call $11) (call $11) (call $11) (call $11) (call $11) (call $11))
  (func $11 (call $12) (call $12) (call $12) (call $12) (call $12) (call $12) (call $12) (call $12))
  (func $12 (call $13) (call $13) (call $13) (call $13) (call $13) (call $13) (call $13) (call $13))
  (func $13 (call $14) (call $14) (call $14) (call $14) (call $14) (call $14) (call $14) (call $14))
  (func $14 (call $leaf) (call $leaf) (call $leaf) (call $leaf) (call $leaf) (call $leaf) (call $leaf) (call $leaf))

  ;; Recursion that fills the stack.
  (func $recurse (export "recurse") (call $recurse))
  (func $here (export "recurse_mutual") (call $there))
  (func $there (call $here))
  (func $ping (export "recurse_indirect") (type $none) (call_indirect $calls (type $none) (i32.const 2)))
  (func $pong (type $none) (call_indirect $calls (type $none) (i32.const 1)))

  ;; Instructions that take long, on the largest memory and table allowed.
  (func $memory_full (result i32)
    (loop $l (br_if $l (i32.ne (memory.grow (i32.const 15)) (i32.const -1))))
    (i32.mul (memory.size) (i32.const 65536)))
  (func $table_full (result i32)
    (loop $l (br_if $l (i32.ne (table.grow $room (ref.null func) (i32.const 1024)) (i32.const -1))))
    (table.size $room))
  (func (export "memory_fill") (local $n i32)
    (local.set $n (call $memory_full))
    (loop $l
      (memory.fill (i32.const 0) (i32.const 7) (local.get $n))
      (br $l)))
  (func (export "memory_copy") (local $n i32)
    (local.set $n (i32.sub (call $memory_full) (i32.const 1)))
    (loop $l
      (memory.copy (i32.const 1) (i32.const 0) (local.get $n))
      (memory.copy (i32.const 0) (i32.const 1) (local.get $n))
      (br $l)))
  (func (export "memory_init")
    (loop $l
      (memory.init $bytes (i32.const 0) (i32.const 0) (i32.const 16))
      (br $l)))
  (func (export "memory_grow") (loop $l (drop (memory.grow (i32.const 1))) (br $l)))
  (func (export "table_grow") (loop $l (drop (table.grow $room (ref.null func) (i32.const 1))) (br $l)))
  (func (export "table_fill") (local $n i32)
    (local.set $n (call $table_full))
    (loop $l
      (table.fill $room (i32.const 0) (ref.func $ping) (local.get $n))
      (br $l)))
  (func (export "table_copy") (local $n i32)
    (local.set $n (i32.sub (call $table_full) (i32.const 1)))
    (loop $l
      (table.copy $room $room (i32.const 1) (i32.const 0) (local.get $n))
      (table.copy $room $room (i32.const 0) (i32.const 1) (local.get $n))
      (br $l)))
  (func (export "table_init")
    (drop (call $table_full))
    (loop $l
      (table.init $room $functions (i32.const 0) (i32.const 0) (i32.const 4))
      (br $l)))
  ;; A million references to a function. wazero allocates each one, and keeps it.
  (func (export "references") (local $n i32)
    (local.set $n (i32.const 1000000))
    (loop $l
      (drop (ref.func $ping))
      (br_if $l (local.tee $n (i32.sub (local.get $n) (i32.const 1))))))
  (func (export "memory_fill_outside") (memory.fill (i32.const 0) (i32.const 7) (i32.const -1)))
)
