// The globals that scripts know from browsers and Node: timers, AbortController,
// TextEncoder, crypto, structuredClone.

import { host, caller, promised, react, timer, uncaught } from "./core.js";

// ---- timers ----

const timers = new Map(); // the ops of timers that run, by the numbers that scripts get
let lastTimer = 0;

function startTimer(callback, ms, params, again) {
	if (typeof callback !== "function") throw new TypeError("a timer needs a function");
	const call = caller("setTimeout");
	const id = ++lastTimer;
	const run = () => {
		const op = timer(call, ms);
		timers.set(id, op);
		react(promised(op, call), () => {
			if (!timers.has(id)) return;
			if (again) run();
			else timers.delete(id);
			try {
				callback(...params);
			} catch (error) {
				uncaught(error);
			}
		}, () => timers.delete(id));
	};
	run();
	return id;
}

function stopTimer(id) {
	const op = timers.get(id);
	if (op === undefined) return;
	timers.delete(id);
	host.cancel(op);
}

export const setTimeout = (callback, ms = 0, ...params) => startTimer(callback, ms, params, false);
export const setInterval = (callback, ms = 0, ...params) => startTimer(callback, ms, params, true);
export const clearTimeout = stopTimer;
export const clearInterval = stopTimer;

// ---- events ----

export class Event {
	constructor(type) {
		this.type = `${type}`;
		this.target = null;
	}
}

export class EventTarget {
	#listeners = [];

	addEventListener(type, listener, options) {
		if (listener === null || listener === undefined) return;
		if (this.#listeners.some((l) => l.type === type && l.listener === listener)) return;
		this.#listeners.push({ type, listener, once: options?.once === true });
	}

	removeEventListener(type, listener) {
		this.#listeners = this.#listeners.filter((l) => l.type !== type || l.listener !== listener);
	}

	dispatchEvent(event) {
		event.target = this;
		for (const l of this.#listeners.filter((l) => l.type === event.type)) {
			if (l.once) this.removeEventListener(l.type, l.listener);
			if (typeof l.listener === "function") l.listener.call(this, event);
			else l.listener.handleEvent(event);
		}
		return true;
	}
}

let making = false; // an AbortSignal is being made, which scripts can't do themselves

export class AbortSignal extends EventTarget {
	#reason;
	#aborted = false;
	onabort = null;

	constructor() {
		super();
		if (!making) throw new TypeError("make an AbortController, which has a signal");
	}

	get aborted() { return this.#aborted; }
	get reason() { return this.#reason; }
	throwIfAborted() {
		if (this.#aborted) throw this.#reason;
	}

	static #make() {
		making = true;
		try {
			return new AbortSignal();
		} finally {
			making = false;
		}
	}

	static #end(signal, reason = new DOMException("This operation was aborted", "AbortError")) {
		if (signal.#aborted) return;
		signal.#aborted = true;
		signal.#reason = reason;
		const event = new Event("abort");
		signal.onabort?.(event);
		signal.dispatchEvent(event);
	}

	static abort(reason) {
		const signal = this.#make();
		this.#end(signal, reason);
		return signal;
	}

	static timeout(ms) {
		const signal = this.#make();
		setTimeout(() => this.#end(signal, new DOMException("The operation timed out", "TimeoutError")), ms);
		return signal;
	}

	static any(signals) {
		const any = this.#make();
		for (const signal of signals) {
			if (signal.aborted) this.#end(any, signal.reason);
			else signal.addEventListener("abort", () => this.#end(any, signal.reason), { once: true });
		}
		return any;
	}

	static {
		controller = { make: () => this.#make(), end: (signal, reason) => this.#end(signal, reason) };
	}
}

var controller;

export class AbortController {
	#signal = controller.make();
	get signal() { return this.#signal; }
	abort(reason) { controller.end(this.#signal, reason); }
}

// ---- text ----

const view = (input) => {
	if (input === undefined) return new Uint8Array();
	if (input instanceof Uint8Array) return input;
	return ArrayBuffer.isView(input)
		? new Uint8Array(input.buffer, input.byteOffset, input.byteLength)
		: new Uint8Array(input);
};

export class TextEncoder {
	get encoding() { return "utf-8"; }
	encode(text = "") { return new Uint8Array(host.encode(`${text}`)); }
	encodeInto(text, target) {
		let read = 0, written = 0;
		for (const c of `${text}`) {
			const bytes = new Uint8Array(host.encode(c));
			if (written + bytes.length > target.length) break;
			target.set(bytes, written);
			written += bytes.length;
			read += c.length;
		}
		return { read, written };
	}
}

export class TextDecoder {
	#fatal;
	#ignoreBOM;
	#rest = new Uint8Array(); // of a character that the last piece began

	constructor(label = "utf-8", { fatal = false, ignoreBOM = false } = {}) {
		if (!/^\s*(utf-?8|unicode-1-1-utf-8)\s*$/i.test(label)) {
			throw new RangeError(`the encoding ${label} is not supported: only utf-8 is`);
		}
		this.#fatal = fatal;
		this.#ignoreBOM = ignoreBOM;
	}

	get encoding() { return "utf-8"; }
	get fatal() { return this.#fatal; }
	get ignoreBOM() { return this.#ignoreBOM; }

	decode(input, { stream = false } = {}) {
		let bytes = view(input);
		if (this.#rest.length > 0) {
			const whole = new Uint8Array(this.#rest.length + bytes.length);
			whole.set(this.#rest);
			whole.set(bytes, this.#rest.length);
			bytes = whole;
		}
		const keep = stream ? unfinished(bytes) : 0;
		this.#rest = bytes.slice(bytes.length - keep);
		bytes = bytes.subarray(0, bytes.length - keep);
		if (this.#fatal && !host.valid(bytes)) throw new TypeError("the bytes are not valid utf-8");
		const text = host.decode(bytes);
		return !this.#ignoreBOM && text.startsWith("\ufeff") ? text.slice(1) : text;
	}
}

/** Counts the bytes at the end that begin a character and don't end it. */
function unfinished(bytes) {
	for (let n = 1; n <= 3 && n <= bytes.length; n++) {
		const b = bytes[bytes.length - n];
		if (b >= 0xc0) return n < (b >= 0xf0 ? 4 : b >= 0xe0 ? 3 : 2) ? n : 0;
		if (b < 0x80) return 0;
	}
	return 0;
}

// ---- random numbers ----

export const crypto = {
	getRandomValues(array) {
		if (!ArrayBuffer.isView(array)) throw new TypeError("getRandomValues: want a typed array of integers");
		if (array.byteLength > 65536) throw new DOMException("at most 65536 bytes at once", "QuotaExceededError");
		host.random(view(array));
		return array;
	},
	randomUUID() {
		const b = crypto.getRandomValues(new Uint8Array(16));
		b[6] = b[6] & 0x0f | 0x40;
		b[8] = b[8] & 0x3f | 0x80;
		const hex = Array.from(b, (n) => n.toString(16).padStart(2, "0")).join("");
		return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
	},
};

// Math.random is xorshift128+ with a seed that each task draws when it first needs it. What
// the engine draws at its start would be the same for all.
let seed;

export function random() {
	seed ??= crypto.getRandomValues(new Uint32Array(4));
	let [a, b, c, d] = seed;
	const t = d ^ d << 11;
	d = c; c = b; b = a;
	a = (a ^ a >>> 19 ^ t ^ t >>> 8) >>> 0;
	seed = [a, b, c, d];
	return (a * 0x200000 + (b >>> 11)) / 0x20000000000000;
}

/** Forgets the seed, if the script's top level has drawn one. */
export function reseed() { seed = undefined; }

// ---- structuredClone ----

export function structuredClone(value) { return copy(value, new Map()); }

function copy(value, seen) {
	if (typeof value === "function" || typeof value === "symbol") {
		throw new DOMException(`a ${typeof value} can't be cloned`, "DataCloneError");
	}
	if (typeof value !== "object" || value === null) return value;
	if (seen.has(value)) return seen.get(value);
	const keep = (clone) => {
		seen.set(value, clone);
		return clone;
	};
	if (Array.isArray(value)) {
		const clone = keep(new Array(value.length));
		for (const key of Object.keys(value)) clone[key] = copy(value[key], seen);
		return clone;
	}
	if (value instanceof Date) return keep(new Date(value));
	if (value instanceof RegExp) return keep(new RegExp(value.source, value.flags));
	if (value instanceof ArrayBuffer) return keep(value.slice(0));
	if (value instanceof DataView) {
		return keep(new DataView(copy(value.buffer, seen), value.byteOffset, value.byteLength));
	}
	if (ArrayBuffer.isView(value)) {
		return keep(new value.constructor(copy(value.buffer, seen), value.byteOffset, value.length));
	}
	if (value instanceof Map) {
		const clone = keep(new Map());
		for (const [k, v] of value) clone.set(copy(k, seen), copy(v, seen));
		return clone;
	}
	if (value instanceof Set) {
		const clone = keep(new Set());
		for (const v of value) clone.add(copy(v, seen));
		return clone;
	}
	if (value instanceof Error) {
		const clone = keep(Object.create(Object.getPrototypeOf(value)));
		for (const key of ["name", "message", "stack", "cause"]) {
			if (!(key in value)) continue;
			const own = { value: copy(value[key], seen), writable: true, configurable: true };
			Object.defineProperty(clone, key, own);
		}
		return clone;
	}
	if (value instanceof Boolean || value instanceof Number || value instanceof String) {
		return keep(Object(value.valueOf()));
	}
	if (value instanceof Promise || value instanceof WeakMap || value instanceof WeakSet) {
		throw new DOMException(`a ${value.constructor.name} can't be cloned`, "DataCloneError");
	}
	const clone = keep({});
	for (const key of Object.keys(value)) clone[key] = copy(value[key], seen);
	return clone;
}
