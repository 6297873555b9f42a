package wasm_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"
	"github.com/tetratelabs/wazero/experimental"

	"github.com/wexec/wexec/host/internal/wasm"
)

// everything has one of all that a module can have.
var everything = module(
	custom("before", 1, 2),
	section(1, 3, 0x60, 2, 0x7f, 0x7e, 1, 0x7d, 0x60, 0, 0, 0x60, 1, 0x64, 0, 2, 0x63, 0x70, 0x7b),
	section(2, concat([]byte{4},
		[]byte{1, 'a', 1, 'f', 0, 1},
		[]byte{1, 'a', 1, 't', 1, 0x6f, 1, 1, 9},
		[]byte{1, 'b', 1, 'g', 3, 0x7f, 1},
		[]byte{1, 'b', 1, 'e', 4, 0, 1})...),
	section(3, 3, 0, 1, 2),
	section(4, 2, 0x70, 0, 2, 0x40, 0, 0x70, 1, 1, 3, 0xd2, 2, 0x0b),
	section(5, 1, 3, 1, 2),
	section(13, 1, 0, 1),
	section(6, 1, 0x7e, 0, 0x42, 5, 0x0b),
	section(7, concat([]byte{3}, []byte{1, 'f', 0, 1}, []byte{1, 'm', 2, 0}, []byte{1, 'i', 0, 0})...),
	section(8, 2),
	section(9, 2, 0, 0x41, 0, 0x0b, 1, 3, 5, 0x70, 2, 0xd2, 1, 0x0b, 0xd0, 0x70, 0x0b),
	section(12, 2),
	section(10, concat([]byte{3}, sized([]byte{1, 2, 0x7f, 0x43, 0, 0, 0, 0, 0x0b}), body(), body(0))...),
	section(11, concat([]byte{2}, []byte{0, 0x41, 8, 0x0b, 1, 'x'}, []byte{1, 2, 'y', 'z'})...),
	custom("after", 3),
	custom("before"),
)

func TestParse(t *testing.T) {
	m, err := wasm.Parse(everything)
	if err != nil {
		t.Fatal(err)
	}
	i32, i64, f32 := wasm.I32, wasm.I64, wasm.F32
	for _, c := range []struct {
		what      string
		got, want any
	}{
		{"Types", m.Types, []wasm.FuncType{
			{Params: []wasm.ValueType{i32, i64}, Results: []wasm.ValueType{f32}},
			{Params: []wasm.ValueType{}, Results: []wasm.ValueType{}},
			{Params: []wasm.ValueType{wasm.Ref}, Results: []wasm.ValueType{wasm.RefNull, wasm.V128}},
		}},
		{"Imports", m.Imports, []wasm.Import{
			{Module: "a", Name: "f", Kind: wasm.KindFunction, Type: 1},
			{Module: "a", Name: "t", Kind: wasm.KindTable},
			{Module: "b", Name: "g", Kind: wasm.KindGlobal},
			{Module: "b", Name: "e", Kind: wasm.KindTag, Type: 1},
		}},
		{"Exports", m.Exports, []wasm.Export{
			{Name: "f", Kind: wasm.KindFunction, Index: 1},
			{Name: "m", Kind: wasm.KindMemory},
			{Name: "i", Kind: wasm.KindFunction},
		}},
		{"Functions", m.Functions, []uint32{1, 0, 1, 2}},
		{"Tables", m.Tables, []wasm.Table{
			{Element: []byte{0x6f}, Min: 1, Max: 9, HasMax: true, LimitsStart: 13, LimitsEnd: 16},
			{Element: []byte{0x70}, Min: 2, LimitsStart: 2, LimitsEnd: 4},
			{Element: []byte{0x70}, Min: 1, Max: 3, HasMax: true, LimitsStart: 7, LimitsEnd: 10},
		}},
		{"Memories", m.Memories, []wasm.Memory{{Min: 1, Max: 2, HasMax: true, Shared: true}}},
		{"Globals", m.Globals, []wasm.Global{{Type: i32, Mutable: true}, {Type: i64}}},
		{"Tags", m.Tags, []uint32{1, 1}},
		{"Start", m.Start, uint32(2)},
		{"Elements", m.Elements, []wasm.ElementSegment{{Active: true, Known: true, Len: 1}, {Len: 2}}},
		{"Data", m.Data, []wasm.Segment{
			{Active: true, Known: true, Address: 8, Bytes: []byte("x"), Encoded: []byte{0, 0x41, 8, 0x0b, 1, 'x'}},
			{Bytes: []byte("yz"), Encoded: []byte{1, 2, 'y', 'z'}},
		}},
		{"DataCount", m.DataCount, 2},
		{"Referenced", m.Referenced, []bool{false, true, true, true}},
		{"TypedReferences", m.TypedReferences, true},
		{"the locals", m.Bodies[0].Locals, 4},
		{"the code", m.Bodies[0].Entry[m.Bodies[0].Code:], []byte{0x43, 0, 0, 0, 0, 0x0b}},
		{"EncodedResults", m.EncodedResults(2), []byte{0x63, 0x70, 0x7b}},
	} {
		if diff := cmp.Diff(c.want, c.got); diff != "" {
			t.Errorf("%s: - want, + got:\n%s", c.what, diff)
		}
	}
}

func TestLookUp(t *testing.T) {
	m, err := wasm.Parse(everything)
	if err != nil {
		t.Fatal(err)
	}
	if f, ok := m.Function("f"); !ok || f.Index != 1 || f.Imported || f.Type.String() != "(i32, i64) -> (f32)" {
		t.Errorf("f is %+v, %v", f, ok)
	}
	if f, ok := m.Function("i"); !ok || f.Index != 0 || !f.Imported || !f.Type.Equal(m.Types[1]) {
		t.Errorf("i is %+v, %v", f, ok)
	}
	for _, name := range []string{"m", "", "nothing"} {
		if _, ok := m.Function(name); ok {
			t.Errorf("%q is a function", name)
		}
	}
	if data, ok := m.Custom("before"); !ok || !bytes.Equal(data, []byte{1, 2}) {
		t.Errorf("the first section is %v, %v", data, ok)
	}
	if data, ok := m.Custom("nothing"); ok {
		t.Errorf("a section that there is not is %v", data)
	}
	if typ, ok := m.FuncTypeOf(3); !ok || typ.String() != "(ref) -> (ref null, v128)" {
		t.Errorf("function 3 is %v, %v", typ, ok)
	}
	if _, ok := m.FuncTypeOf(4); ok {
		t.Error("there is a function 4")
	}
}

// TestRefused: a module that can't be read is refused, with the place and the
// reason.
func TestRefused(t *testing.T) {
	codes := func(bodies ...[]byte) []byte {
		return section(10, concat(uleb(len(bodies)), concat(bodies...))...)
	}
	typ, function := section(1, 1, 0x60, 0, 0), section(3, 1, 0)
	for _, c := range []struct {
		name   string
		b      []byte
		offset int
		reason string
	}{
		{"nothing", nil, 0, "not a WebAssembly module"},
		{"version 2", []byte("\x00asm\x02\x00\x00\x00"), 0, "not a WebAssembly module"},
		{"a cut section", module([]byte{1, 5, 1}), 10, "4 bytes are missing"},
		{"an unknown section", module(section(14)), 8, "unknown section 14"},
		{"a section twice", module(typ, typ), 14, "too late, or twice"},
		{"bytes after a section", module(section(1, 0, 9)), 11, "1 bytes too many"},
		{"a custom section without a name", module(section(0, 5)), 10, "don't fit"},
		{"types without end", module(section(1, 0xff, 0xff, 0xff, 0xff, 0x0f)), 10, "don't fit"},
		{"a number of 6 bytes", module(section(1, 0x80, 0x80, 0x80, 0x80, 0x80, 0)), 10, "longer than 32 bits"},
		{"a struct type", module(section(1, 1, 0x5f, 0)), 11, "garbage collection"},
		{"an import of no type", module(section(2, 1, 0, 0, 0, 0)), 14, "there is no type 0"},
		{"an import of no kind", module(section(2, 1, 0, 0, 9, 0)), 11, "unknown kind of import 9"},
		{"a memory of 64 bits", module(section(5, 1, 4, 0)), 11, "64-bit memories"},
		{"a memory of other pages", module(section(5, 1, 8, 0, 0)), 11, "custom page sizes"},
		{"two memories", module(section(5, 2, 0, 1, 0, 1)), 13, "more than one memory"},
		{"an export of no function", module(section(7, 1, 0, 0, 0)), 13, "there is no function 0"},
		{"an export of no memory", module(section(7, 1, 0, 2, 0)), 13, "there is no memory 0"},
		{"an export of no table", module(section(7, 1, 0, 1, 0)), 13, "there is no table 0"},
		{"an export of no tag", module(section(7, 1, 0, 4, 0)), 13, "there is no tag 0"},
		{"an export of no kind", module(section(7, 1, 0, 5, 0)), 11, "unknown kind of export 5"},
		{"an export of no global", module(section(7, 1, 0, 3, 0)), 13, "there is no global 0"},
		{"an export twice", module(section(5, 1, 0, 1), section(7, 2, 1, 'a', 2, 0, 1, 'a', 2, 0)), 20, `two exports "a"`},
		{"no bodies", module(typ, function), 18, "more functions than bodies"},
		{"a body too many", module(typ, function, codes(body(), body())), 20, "2 bodies of 1 functions"},
		{"many locals", module(typ, function, codes([]byte{6, 1, 0x80, 0x80, 4, 0x7f, 0x0b})), 23, "16384 locals"},
		{"an element of no function", module(section(9, 1, 1, 0, 1, 0)), 14, "there is no function 0"},
		{"a data segment of flags 3", module(typ, function, codes(body()), section(11, 1, 3)), 27, "unknown flags 0x3"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := wasm.Parse(c.b)
			e, ok := errors.AsType[*wasm.Error](err)
			if !ok || e.Offset != c.offset || !strings.Contains(e.Reason, c.reason) {
				t.Errorf("%v; want %q at %#x", err, c.reason, c.offset)
			}
		})
	}
}

// TestBounds: the number of things in a module is bounded.
func TestBounds(t *testing.T) {
	times := func(n int, b ...byte) []byte { return concat(uleb(n), bytes.Repeat(b, n)) }
	typ := section(1, 1, 0x60, 0, 0)
	for name, b := range map[string][]byte{
		"types":     module(section(1, times(50_001, 0x60, 0, 0)...)),
		"groups":    module(section(1, concat([]byte{2, 0x4e}, times(50_000, 0x60, 0, 0), []byte{0x60, 0, 0})...)),
		"params":    module(section(1, concat([]byte{1, 0x60}, times(1_001, 0x7f), []byte{0})...)),
		"imports":   module(typ, section(2, times(10_001, 0, 0, 0, 0)...)),
		"functions": module(typ, section(3, times(200_001, 0)...)),
		"tables":    module(section(4, times(100_001, 0x70, 0, 0)...)),
		"globals":   module(section(6, times(1_000_001, 0x7f, 0, 0x0b)...)),
		"tags":      module(typ, section(13, times(1_000_001, 0, 0)...)),
		"constants": module(section(6, concat([]byte{1, 0x7f, 0}, bytes.Repeat([]byte{0x41, 0}, 513), []byte{0x0b})...)),
		"elements":  module(section(9, times(100_001, 1, 0, 0)...)),
		"sections":  module(bytes.Repeat(custom(""), 10_001)),
		"data":      module(section(11, times(100_001, 1, 0)...)),
	} {
		_, err := wasm.Parse(b)
		if text := fmt.Sprint(err); !strings.Contains(text, "more than") && !strings.Contains(text, "at most") {
			t.Errorf("the bound of %s: %v", name, err)
		}
	}
}

// TestLikeWazero: of all valid modules of the specification tests, Parse finds
// what wazero does.
func TestLikeWazero(t *testing.T) {
	ctx := context.Background()
	all := api.CoreFeaturesV2 | experimental.CoreFeaturesThreads | experimental.CoreFeaturesTailCall |
		experimental.CoreFeaturesExtendedConst | experimental.CoreFeaturesExceptionHandling |
		experimental.CoreFeaturesTypedFunctionReferences
	r := wazero.NewRuntimeWithConfig(ctx, wazero.NewRuntimeConfigInterpreter().WithCoreFeatures(all))
	defer r.Close(ctx)
	compared := 0
	for name, b := range specModules(t) {
		compiled, err := compile(ctx, r, b)
		if err != nil {
			continue
		}
		m, err := wasm.Parse(b)
		if err != nil {
			t.Errorf("%s: %v", name, err)
		} else if !m.TypedReferences { // of which wazero shows a part only
			compared++
			if diff := cmp.Diff(borderOfCompiled(compiled), border(m)); diff != "" {
				t.Errorf("%s: - wazero, + Parse:\n%s", name, diff)
			}
		}
		compiled.Close(ctx)
	}
	t.Logf("%d modules", compared)
}

// compile compiles a module. wazero panics on some invalid ones.
func compile(ctx context.Context, r wazero.Runtime, b []byte) (c wazero.CompiledModule, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("%v", p)
		}
	}()
	return r.CompileModule(ctx, b)
}

// border describes the functions and memories that cross a module's border:
// first those that it imports.
func border(m *wasm.Module) (all []string) {
	for _, i := range m.Imports {
		if i.Kind == wasm.KindFunction {
			all = append(all, fmt.Sprint(i.Module, i.Name, m.Types[i.Type]))
		}
	}
	imports := len(all)
	for _, e := range m.Exports {
		switch e.Kind {
		case wasm.KindFunction:
			f, _ := m.Function(e.Name)
			all = append(all, fmt.Sprint(e.Name, f.Type, f.Imported))
		case wasm.KindMemory:
			memory := m.Memories[e.Index]
			all = append(all, fmt.Sprint(e.Name, memory.Min, memory.Max, memory.HasMax))
		}
	}
	slices.Sort(all[imports:])
	return all
}

// borderOfCompiled is border of what wazero says of a module.
func borderOfCompiled(c wazero.CompiledModule) (all []string) {
	for _, f := range c.ImportedFunctions() {
		from, name, _ := f.Import()
		all = append(all, fmt.Sprint(from, name, typeOf(f)))
	}
	imports := len(all)
	for name, f := range c.ExportedFunctions() {
		_, _, imported := f.Import()
		all = append(all, fmt.Sprint(name, typeOf(f), imported))
	}
	for name, memory := range c.ExportedMemories() {
		most, has := memory.Max()
		if !has {
			most = 0
		}
		all = append(all, fmt.Sprint(name, memory.Min(), most, has))
	}
	slices.Sort(all[imports:])
	return all
}

func typeOf(f api.FunctionDefinition) (t wasm.FuncType) {
	for _, v := range f.ParamTypes() {
		t.Params = append(t.Params, wasm.ValueType(v))
	}
	for _, v := range f.ResultTypes() {
		t.Results = append(t.Results, wasm.ValueType(v))
	}
	return t
}
