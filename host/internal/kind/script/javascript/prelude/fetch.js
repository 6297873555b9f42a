// fetch, on the capability http.fetch.

import { host, caller, check, promised, raw, parse, stringify } from "./core.js";
import { pieces, pipe, whole } from "./storage.js";
import { URL, URLSearchParams } from "./url.js";
import { AbortController, AbortSignal } from "./web.js";

export class Headers {
	#values = new Map(); // arrays, by names in lower case

	constructor(init) {
		if (init === undefined || init === null) return;
		for (const [name, value] of Symbol.iterator in init ? init : Object.entries(init)) {
			for (const v of Array.isArray(value) ? value : [value]) this.append(name, v);
		}
	}

	append(name, value) {
		const key = `${name}`.toLowerCase();
		if (!/^[!#$%&'*+.^_`|~0-9a-z-]+$/.test(key)) throw new TypeError(`${stringify(name)} can't be the name of a header`);
		const list = this.#values.get(key);
		if (list === undefined) this.#values.set(key, [`${value}`.trim()]);
		else list.push(`${value}`.trim());
	}

	set(name, value) {
		this.delete(name);
		this.append(name, value);
	}

	delete(name) { this.#values.delete(`${name}`.toLowerCase()); }
	has(name) { return this.#values.has(`${name}`.toLowerCase()); }
	get(name) { return this.#values.get(`${name}`.toLowerCase())?.join(", ") ?? null; }
	getSetCookie() { return [...this.#values.get("set-cookie") ?? []]; }
	forEach(f, self) {
		for (const [name, value] of this) f.call(self, value, name, this);
	}

	*entries() {
		for (const name of [...this.#values.keys()].sort()) yield [name, this.get(name)];
	}

	*keys() {
		for (const [name] of this) yield name;
	}

	*values() {
		for (const [, value] of this) yield value;
	}

	[Symbol.iterator]() { return this.entries(); }

	/** For the host: a string, or an array if there are several values. */
	toJSON() {
		const all = {};
		for (const [name, list] of this.#values) all[name] = list.length === 1 ? list[0] : list;
		return all;
	}
}

/** Returns the bytes of a body, and the type that it has by itself. */
function bodyOf(body) {
	if (body === undefined || body === null) return [undefined, undefined];
	if (body instanceof URLSearchParams) return [`${body}`, "application/x-www-form-urlencoded;charset=UTF-8"];
	const bytes = raw(body);
	if (typeof bytes === "string") return [bytes, "text/plain;charset=UTF-8"];
	if (bytes !== undefined) return [bytes, undefined];
	return [`${body}`, "text/plain;charset=UTF-8"];
}

class Body {
	#bytes;
	#stream; // the handle of a stream that gives the bytes, in place of them
	bodyUsed = false;

	constructor(bytes, stream) {
		this.#bytes = typeof bytes === "string" ? new Uint8Array(host.encode(bytes)) : bytes;
		this.#stream = stream;
	}

	#use() {
		if (this.bodyUsed) throw new TypeError("the body was read already");
		this.bodyUsed = true;
	}

	async bytes() {
		this.#use();
		return this.#stream === undefined ? this.#bytes ?? new Uint8Array() : whole(this.#stream);
	}

	async text() { return host.decode(await this.bytes()).replace(/^\ufeff/, ""); }
	async json() { return parse(await this.text()); }
	async arrayBuffer() {
		const bytes = await this.bytes();
		return bytes.byteLength === bytes.buffer.byteLength ? bytes.buffer : bytes.slice().buffer;
	}

	/** The body, as an iterator of its pieces, or null. */
	get body() {
		if (this.#stream === undefined && this.#bytes === undefined) return null;
		const iterate = () => {
			this.#use();
			return this.#stream === undefined ? split(this.#bytes) : pieces(this.#stream);
		};
		return { [Symbol.asyncIterator]: iterate };
	}

	copy() {
		if (this.#stream !== undefined) throw new TypeError("a streamed body can't be copied");
		return this.#bytes?.slice();
	}
}

async function* split(bytes) {
	for (let at = 0; at < bytes.length; at += 64 << 10) yield bytes.subarray(at, at + (64 << 10));
}

export class Request extends Body {
	constructor(input, init = {}) {
		const from = input instanceof Request ? input : undefined;
		const [bytes, type] = init.body === undefined && from ? [from.copy(), undefined] : bodyOf(init.body);
		super(bytes);
		this.url = from?.url ?? new URL(`${input}`).href;
		this.method = `${init.method ?? from?.method ?? "GET"}`.toUpperCase();
		this.headers = new Headers(init.headers ?? from?.headers);
		this.signal = init.signal ?? from?.signal;
		if (bytes !== undefined && (this.method === "GET" || this.method === "HEAD")) {
			throw new TypeError(`a request with the method ${this.method} has no body`);
		}
		if (type !== undefined && !this.headers.has("content-type")) this.headers.set("content-type", type);
	}
}

export class Response extends Body {
	constructor(body, { status = 200, statusText = "", headers, stream } = {}) {
		const [bytes, type] = bodyOf(body);
		super(bytes, stream);
		this.status = status;
		this.statusText = statusText;
		this.headers = new Headers(headers);
		this.url = "";
		if (type !== undefined && !this.headers.has("content-type")) this.headers.set("content-type", type);
	}

	get ok() { return this.status >= 200 && this.status < 300; }
	clone() { return new Response(this.copy(), this); }
	static json(value, init = {}) {
		const response = new Response(stringify(value), init);
		response.headers.set("content-type", "application/json");
		return response;
	}
}

/**
 * Makes a request. A body that is an async iterable is sent piece by piece. With the option
 * stream, the response's body comes as it is read.
 */
export async function fetch(input, init) {
	const source = init?.body?.[Symbol.asyncIterator] && init.body;
	const request = new Request(input, source ? { ...init, body: "" } : init);
	const { method, url, headers } = request;
	let signal = check(request.signal);
	let body;
	if (source) {
		const upload = new AbortController();
		signal = signal ? AbortSignal.any([signal, upload.signal]) : upload.signal;
		body = await pipe(source, (error) => upload.abort(error));
	}
	const call = caller("fetch");
	const name = init?.stream || source ? "http.open" : "http.fetch";
	const op = host.start(call.handle, name, stringify({ method, url, headers, body }), request.copy() ?? "");
	const response = await promised(op, call, (op) => {
		const head = parse(host.text(op, 1));
		return new Response(head.stream === undefined ? new Uint8Array(host.bytes(op, 2)) : undefined, head);
	}, signal);
	response.url = url;
	return response;
}
