//go:build wasip1

package main

type op uint8

const (
	set op = iota
	add
	multiply
	modulo
	less
	jump
	jumpIf
	jumpUnless
	halt
)

// An instruction puts its result into register a. A jump goes to instruction b;
// a conditional jump tests register a.
type instruction struct {
	op      op
	a, b, c uint8
}

type machine struct {
	code      []instruction
	at        int
	registers []int32
}

// step runs one instruction. It returns false at the end of the program.
func (m *machine) step() bool {
	i, r := m.code[m.at], m.registers
	m.at++
	switch i.op {
	case set:
		r[i.a] = int32(i.b)
	case add:
		r[i.a] = r[i.b] + r[i.c]
	case multiply:
		r[i.a] = r[i.b] * r[i.c]
	case modulo:
		r[i.a] = r[i.b] % r[i.c]
	case less:
		if r[i.b] < r[i.c] {
			r[i.a] = 1
		} else {
			r[i.a] = 0
		}
	case jump:
		m.at = int(i.b)
	case jumpIf:
		if r[i.a] != 0 {
			m.at = int(i.b)
		}
	case jumpUnless:
		if r[i.a] == 0 {
			m.at = int(i.b)
		}
	case halt:
		return false
	}
	return true
}

// Registers of countPrimes.
const (
	limit = iota
	candidate
	divisor
	primes
	one
	scratch
	registers
)

var countPrimes = []instruction{
	{set, primes, 0, 0},
	{set, one, 1, 0},
	{set, candidate, 2, 0},
	// 3: each candidate
	{less, scratch, candidate, limit},
	{jumpUnless, scratch, 16, 0},
	{set, divisor, 2, 0},
	// 6: each divisor
	{multiply, scratch, divisor, divisor},
	{less, scratch, candidate, scratch},
	{jumpIf, scratch, 13, 0},
	{modulo, scratch, candidate, divisor},
	{jumpUnless, scratch, 14, 0},
	{add, divisor, divisor, one},
	{jump, 0, 6, 0},
	// 13: it is prime
	{add, primes, primes, one},
	// 14: it is not
	{add, candidate, candidate, one},
	{jump, 0, 3, 0},
	// 16: all done
	{halt, 0, 0, 0},
}

// interp interprets a program that counts the primes below n.
//
//go:wasmexport interp
func interp(n int32) int32 {
	m := machine{code: countPrimes, registers: make([]int32, registers)}
	m.registers[limit] = n
	for m.step() {
	}
	return m.registers[primes]
}
