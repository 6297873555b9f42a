package types

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/wexec/wexec/abi"
)

const header = `import { task } from "wexec";
interface Point { x: number; y?: number }
interface Merged { a: string }
interface Merged { b: string }
interface Child extends Point { z: number }
type Names = readonly string[]
type Tree = { value: number, children: Tree[] }
type Unit = "km" | "mi" | 1 | null;
interface Generic<T> { t: T }
`

// TestTypes has a task for each line: its parameters and result, and the schemas of its
// input and output.
func TestTypes(t *testing.T) {
	const point = `{"properties":{"x":{"type":"number"},"y":{"type":"number"}},"required":["x"],"type":"object"}`
	const three = `{"maxItems":3,"minItems":2,` +
		`"prefixItems":[{"type":"number"},{"type":"string"},{"type":"boolean"}],"type":"array"}`
	for _, c := range []struct{ signature, input, output string }{
		{`()`, ``, ``},
		{`(n: number): number`, `{"type":"number"}`, `{"type":"number"}`},
		{`(n: number): Promise<string>`, `{"type":"number"}`, `{"type":"string"}`},
		{`(s: string[]): boolean`, `{"items":{"type":"string"},"type":"array"}`, `{"type":"boolean"}`},
		{`(s: Array<Array<number>>): void`, `{"items":{"items":{"type":"number"},"type":"array"},"type":"array"}`, ``},
		{`(s: Names)`, `{"items":{"type":"string"},"type":"array"}`, ``},
		{`(p: Point): Point`, point, point},
		{`(p: { "a b": string, c?: null; d: any, })`,
			`{"properties":{"a b":{"type":"string"},"c":{"type":"null"},"d":true},"required":["a b","d"],"type":"object"}`, ``},
		{`({ x, y = 3 }: Point): Unit`, point, `{"anyOf":[{"type":"null"},{"enum":["km","mi",1]}]}`},
		{`(u: "a" | "b")`, `{"enum":["a","b"]}`, ``},
		{`(u: | -1 | true | (string | number)[])`,
			`{"anyOf":[{"items":{"anyOf":[{"type":"string"},{"type":"number"}]},"type":"array"},{"enum":[-1,true]}]}`, ``},
		{`(m: Record<string, number>)`, `{"additionalProperties":{"type":"number"},"type":"object"}`, ``},
		{`(t: [number, string])`,
			`{"maxItems":2,"minItems":2,"prefixItems":[{"type":"number"},{"type":"string"}],"type":"array"}`, ``},
		{`(a: number, b: string, c: boolean = f(1, 2))`, three, ``},
		{`(a: number, b: string, c?: boolean)`, three, ``},
		{`(a: number, b: string = ",", c?: boolean)`, `{"type":"number"}`, ``}, // its length is 1
		{`(a: number, b?: string)`, `{"anyOf":[{"maxItems":2,"minItems":1,` +
			`"prefixItems":[{"type":"number"},{"type":"string"}],"type":"array"},{"type":"number"}]}`, ``},
		{`(t: Tree)`, `{"properties":{"children":{"type":"array"},"value":{"type":"number"}},` +
			`"required":["value","children"],"type":"object"}`, ``},
		{`(a: number, b)`, `{"maxItems":2,"minItems":2,"prefixItems":[{"type":"number"},true],"type":"array"}`, ``},

		// What is not sure allows everything.
		{`(n)`, ``, ``},
		{`(n?: number)`, ``, ``},
		{`(n = 3): number`, ``, `{"type":"number"}`},
		{`(...n: number[]): number`, ``, `{"type":"number"}`},
		{`(m: Merged): Child`, ``, ``},
		{`(g: Generic<string>): Map<string, number>`, ``, ``},
		{`(d: Date): Uint8Array`, ``, ``},
		{`(d: string & Point): keyof Point`, ``, ``},
		{`(d: Point["x"]): Point.x`, ``, ``},
		{`(f: (n: number) => string): number`, ``, `{"type":"number"}`},
		{`(f: { [key: string]: number }): { f(): number }`, ``, ``},
		{`(f: string extends Point ? number : string)`, ``, ``},
		{`(f: number | Date): x is string`, ``, ``},
		{"(f: `a${string}`): `b`", ``, ``},
		{`(f: { a: Map<string, { b: number }>, c: string })`, ``, ``},
	} {
		for form, source := range map[string]string{
			"arrow":    "export const f = " + c.signature + " => 1;",
			"async":    "export const f = async " + c.signature + " => { return 1 };",
			"function": "export async function f" + c.signature + " { return { x: 1 } }",
			"task":     "export const f = task(async " + c.signature + " => 1)",
			"options":  "export const f = task({ mode: 'cpu' }, function " + c.signature + " { return `}` })",
		} {
			got := Read(header + source)["f"]
			if string(got.Input) != c.input || string(got.Output) != c.output {
				t.Errorf("%s %s:\n input  %s\n want   %s\n output %s\n want   %s", form, c.signature,
					got.Input, c.input, got.Output, c.output)
			}
		}
	}
}

// TestSources has whole sources, and the names of the tasks with an input of which
// something is told.
func TestSources(t *testing.T) {
	const task = "export const f = (n: number) => n\n"
	for source, want := range map[string]bool{
		task:                            true,
		"// ' `\n" + task:               true,
		"/* ' ` */" + task:              true,
		"#!/usr/bin/env wexec\n" + task: true,
		"const re = /['\"`{/]/g, x = 4 / 2 / 1;" + task:                                        true,
		"const t = `a ${ `b ${ {c: '}'}.c }` } \\` `;" + task:                                  true,
		"export const g = 'a\\'b', h = \"(\";" + task:                                          true,
		"function f(s: string) {}\nexport { f }":                                               false,
		"export function f(s: string): string;\n" + task:                                       false, // overloads
		"export function f<T>(s: T) {}":                                                        false,
		"export default (s: string) => s":                                                      false,
		"export const f: Fn = (s: string) => s":                                                false,
		"const task = other; export const f = task((s: string) => s)":                          false, // a task of others
		`import {task} from "wexec"; export const f = task({ name: "g" }, (n: number) => n)`:   false,
		`import {task} from "wexec"; export const f = task({ bytes: true }, (n: number) => n)`: false,
		`import {task} from "wexec"; export const f = task({ ...x }, (n: number) => n)`:        false,
		`import {task} from "wexec"; export const f = task({ doc: "x" }, (n: number) => n)`:    true,
		"it's broken\n" + task:                                                                 false,
		"const s = `" + task:                                                                   false,
		"const s = /* " + task:                                                                 false,
		"":                                                                                     false,
	} {
		if got := Read(source)["f"].Input != nil; got != want {
			t.Errorf("%q: %t, want %t", source, got, want)
		}
	}
}

func TestDeepTypes(t *testing.T) {
	deep := func(open, shut string) string {
		return strings.Repeat(open, 1e4) + "number" + strings.Repeat(shut, 1e4)
	}
	for _, deep := range []string{deep("(", ")"), deep("Array<", ">"), deep("{ a: ", " }"), deep("[", "]")} {
		if got := Read("export const f = (a: " + deep + ") => 1")["f"]; len(got.Input) > 4000 {
			t.Errorf("a schema of %d bytes", len(got.Input))
		}
	}
}

func TestDoc(t *testing.T) {
	got := Read(`
/**
 * Counts primes.
 * Slowly.
 *
 * @param n how far
 */
export function primes(n: number) {}
/* not for people */
export function other(n: number) {}
`)
	if doc := got["primes"].Doc; doc != "Counts primes.\nSlowly." {
		t.Errorf("the doc is %q", doc)
	}
	if doc := got["other"].Doc; doc != "" {
		t.Errorf("the doc of the other is %q", doc)
	}
}

func TestAdd(t *testing.T) {
	told := Tasks{
		"a":    {Doc: "told", Input: []byte(`{}`), Output: []byte(`{}`)},
		"b":    {Doc: "told", Input: []byte(`{}`)},
		"main": {Doc: "told", Input: []byte(`{}`)},
	}
	tasks := []abi.Task{
		{Name: "a"}, {Name: "b", Doc: "own", Input: []byte(`true`)}, {Name: "c"}, {Name: "main", Program: true},
	}
	want := []abi.Task{
		{Name: "a", Doc: "told", Input: []byte(`{}`), Output: []byte(`{}`)},
		tasks[1], tasks[2], tasks[3],
	}
	if diff := cmp.Diff(want, told.Add(tasks)); diff != "" {
		t.Error(diff)
	}
	if tasks[0].Doc != "" {
		t.Error("it changed its argument")
	}
}

func FuzzRead(f *testing.F) {
	f.Add(header + "export const f = task({}, (a: number, b?: Point[]): Tree => `${1}`)")
	f.Add("export function f(a: {b: [1, 'x']} | null = /[/]/): Promise<Unit> {")
	f.Fuzz(func(t *testing.T, source string) {
		for name, task := range Read(source) {
			for _, s := range []string{string(task.Input), string(task.Output)} {
				if s != "" && s[0] != '{' {
					t.Errorf("%s has a schema %s", name, s)
				}
			}
		}
	})
}
