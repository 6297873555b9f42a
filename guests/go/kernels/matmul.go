//go:build wasip1

package main

type matrix [][]float64

func newMatrix(n int, element func(row, column int) int) matrix {
	m := make(matrix, n)
	for i := range m {
		m[i] = make([]float64, n)
		for j := range m[i] {
			m[i][j] = float64(element(i, j))
		}
	}
	return m
}

func (a matrix) times(b matrix) matrix {
	product := make(matrix, len(a))
	for i, row := range a {
		product[i] = make([]float64, len(b[0]))
		for j := range product[i] {
			sum := 0.0
			for k, x := range row {
				sum += x * b[k][j]
			}
			product[i][j] = sum
		}
	}
	return product
}

// matmul multiplies two matrices of n by n.
//
//go:wasmexport matmul
func matmul(n int32) int32 {
	a := newMatrix(int(n), func(i, j int) int { return i - j })
	b := newMatrix(int(n), func(i, j int) int { return i + 2*j })
	h := newHash
	for _, row := range a.times(b) {
		for _, x := range row {
			h = h.with(uint32(int32(x)))
		}
	}
	return int32(h)
}
