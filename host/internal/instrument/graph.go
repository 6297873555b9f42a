package instrument

import "slices"

// callGraph finds the recursion in a module with Tarjan's algorithm for strongly
// connected components (SIAM J. Comput. 1(2), 1972). It keeps its own stack in
// place of recursion, since a chain of calls may be long.
//
// Its nodes are the module's own functions, and one that stands for all
// functions whose address is taken: an indirect call may call any of them.
type callGraph struct {
	m     *module
	nodes []node
	taken []uint32 // the callees of the last node
	// order has the nodes, callees before their callers, except in recursion.
	order []int
	stack []int
	count int32
}

type node struct {
	found     int32 // when, from 1
	low       int32
	stacked   bool
	cyclic    bool
	component int
}

func (m *module) callGraph() *callGraph {
	g := &callGraph{m: m, nodes: make([]node, len(m.functions)+1)}
	for i, taken := range m.taken {
		if taken && i >= m.imported {
			g.taken = append(g.taken, uint32(i))
		}
	}
	for i := range g.nodes {
		if g.nodes[i].found == 0 {
			g.search(i)
		}
	}
	return g
}

// anyTaken is the node that stands for all functions whose address is taken.
func (g *callGraph) anyTaken() int { return len(g.nodes) - 1 }

// callee returns the i-th node that n calls. It is negative for an import. ok is
// false after the last one.
func (g *callGraph) callee(n, i int) (to int, ok bool) {
	if n == g.anyTaken() {
		if i < len(g.taken) {
			return g.node(int(g.taken[i])), true
		}
	} else if calls := g.m.functions[n].calls; i < len(calls) {
		return g.node(calls[i].callee), true
	}
	return 0, false
}

// node returns the node of the function that a call calls. It is negative for an
// import.
func (g *callGraph) node(callee int) int {
	if callee == indirect {
		return g.anyTaken()
	}
	return callee - g.m.imported
}

// recurs reports whether a call in n may lead to n again.
func (g *callGraph) recurs(n, to int) bool {
	return g.nodes[n].cyclic && g.nodes[n].component == g.nodes[to].component
}

func (g *callGraph) search(root int) {
	type visit struct{ node, next int }
	path := []visit{{root, 0}}
	g.enter(root)
	for len(path) > 0 {
		v := &path[len(path)-1]
		n := &g.nodes[v.node]
		to, ok := g.callee(v.node, v.next)
		v.next++
		switch {
		case !ok:
			g.leave(v.node)
			path = path[:len(path)-1]
			if len(path) > 0 {
				up := &g.nodes[path[len(path)-1].node]
				up.low = min(up.low, n.low)
			}
		case to < 0: // an import
		case to == v.node:
			n.cyclic = true
		case g.nodes[to].found == 0:
			g.enter(to)
			path = append(path, visit{to, 0})
		case g.nodes[to].stacked:
			n.low = min(n.low, g.nodes[to].found)
		}
	}
}

func (g *callGraph) enter(n int) {
	g.count++
	g.nodes[n].found, g.nodes[n].low, g.nodes[n].stacked = g.count, g.count, true
	g.stack = append(g.stack, n)
}

// leave is called once all that n calls has been seen. If n is the root of a
// component, the nodes of that are on the stack from n on.
func (g *callGraph) leave(n int) {
	if g.nodes[n].low != g.nodes[n].found {
		return
	}
	i := len(g.stack) - 1
	for g.stack[i] != n {
		i--
	}
	component := g.stack[i:]
	g.stack = g.stack[:i]
	for _, k := range component {
		g.nodes[k].stacked = false
		g.nodes[k].component = n
		g.nodes[k].cyclic = g.nodes[k].cyclic || len(component) > 1
	}
	if i := slices.Index(component, g.anyTaken()); i > 0 { // others need its grade
		component[0], component[i] = component[i], component[0]
	}
	g.order = append(g.order, component...)
}
