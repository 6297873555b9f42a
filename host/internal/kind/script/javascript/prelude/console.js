// console, and how it shows values.

import { host, current, uncurry } from "./core.js";

const { Array, ArrayBuffer, Date, Error, JSON, Map, Number, Object, Promise, RegExp, Set } = globalThis;
const toISOString = uncurry(Date.prototype.toISOString);
const { stringify } = JSON;

/** Shows a value to people. */
export function inspect(value, depth = 3, seen = []) {
	switch (typeof value) {
	case "string": return stringify(value);
	case "bigint": return `${value}n`;
	case "symbol": return value.toString();
	case "function": return `[function ${value.name || "(anonymous)"}]`;
	case "object": return value === null ? "null" : shown(value, depth, seen);
	default: return Object.is(value, -0) ? "-0" : `${value}`;
	}
}

const most = 100; // items that are shown of one value

function shown(value, depth, seen) {
	if (seen.includes(value)) return "[circular]";
	if (value instanceof Error) return `${value.stack ? `${value}\n${value.stack}`.trimEnd() : value}`;
	if (value instanceof Date) return Number.isNaN(+value) ? "Invalid Date" : toISOString(value);
	if (value instanceof RegExp) return `${value}`;
	if (depth === 0) return Array.isArray(value) ? "[…]" : "{…}";
	const inside = (v) => inspect(v, depth - 1, [...seen, value]);
	const list = (items) => (items.length > most ? [...items.slice(0, most), `… ${items.length - most} more`] : items);
	const name = value.constructor?.name;
	const prefix = name && name !== "Object" && name !== "Array" ? `${name} ` : "";
	if (Array.isArray(value) || ArrayBuffer.isView(value) && !(value instanceof DataView)) {
		const items = Array.prototype.slice.call(value, 0, most).map(inside);
		if (value.length > most) items.push(`… ${value.length - most} more`);
		return `${prefix}[${items.join(", ")}]`;
	}
	if (value instanceof Map) {
		return `${prefix}{${list([...value].map(([k, v]) => `${inside(k)} => ${inside(v)}`)).join(", ")}}`;
	}
	if (value instanceof Set) return `${prefix}{${list([...value].map(inside)).join(", ")}}`;
	if (value instanceof Promise) return "Promise {}";
	const entries = Object.keys(value).map((key) => {
		const { get, value: v } = Object.getOwnPropertyDescriptor(value, key);
		return `${/^[A-Za-z_$][\w$]*$/.test(key) ? key : stringify(key)}: ${get ? "[getter]" : inside(v)}`;
	});
	return `${prefix}{${list(entries).join(", ")}}`;
}

function format(values) {
	let rest = values;
	let text = "";
	if (typeof values[0] === "string") {
		let next = 1;
		text = values[0].replace(/%[sdifoOj%]/g, (verb) => {
			if (verb === "%%") return "%";
			if (next >= values.length) return verb;
			const value = values[next++];
			switch (verb) {
			case "%s": return typeof value === "string" ? value : inspect(value);
			case "%d": return `${Number(value)}`;
			case "%i": return `${parseInt(value, 10)}`;
			case "%f": return `${parseFloat(value)}`;
			default: return inspect(value);
			}
		});
		rest = values.slice(next);
	} else if (values.length > 0) {
		text = inspect(values[0]);
		rest = values.slice(1);
	}
	return [text, ...rest.map((v) => (typeof v === "string" ? v : inspect(v)))].join(" ");
}

let indent = "";

// A program prints; a task logs.
function write(level, values) {
	let text = format(values);
	if (indent !== "") text = indent + text.replaceAll("\n", `\n${indent}`);
	if (current?.program) host.print(level >= 2 ? 2 : 1, `${text}\n`);
	else host.log(level, text);
}

const counts = new Map();
const timers = new Map();

export const console = {
	debug(...values) { write(0, values); },
	log(...values) { write(1, values); },
	info(...values) { write(1, values); },
	warn(...values) { write(2, values); },
	error(...values) { write(3, values); },
	dir(value) { write(1, [value]); },
	table(value) { write(1, [value]); },
	trace(...values) { write(3, [`${format(["Trace:", ...values])}\n${new Error().stack}`]); },
	assert(ok, ...values) {
		if (!ok) write(3, ["Assertion failed:", ...values]);
	},
	group(...values) {
		if (values.length > 0) write(1, values);
		indent += "  ";
	},
	groupEnd() { indent = indent.slice(2); },
	count(label = "default") {
		counts.set(label, (counts.get(label) ?? 0) + 1);
		write(1, [`${label}: ${counts.get(label)}`]);
	},
	countReset(label = "default") { counts.delete(label); },
	time(label = "default") { timers.set(label, performance.now()); },
	timeLog(label = "default", ...values) {
		write(1, [`${label}: ${(performance.now() - (timers.get(label) ?? NaN)).toFixed(3)} ms`, ...values]);
	},
	timeEnd(label = "default") {
		console.timeLog(label);
		timers.delete(label);
	},
};
