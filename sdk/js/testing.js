// The fake host. index.js asks current for what a real host would do.

/** What is asked when no test has put a fake there. */
const none = { fakes: {}, seen: undefined };

export let current = none;

export function fakeHost(fakes = {}) {
	if (current !== none) throw new Error("there is a fake host already: call restore() at the end of each test");
	const seen = { logs: [], ops: [], emitted: [], progress: [], stdout: "", stderr: "" };
	const { fetch } = globalThis;
	current = { fakes, seen };
	globalThis.fetch = fakeFetch;
	seen.restore = () => {
		current = none;
		globalThis.fetch = fetch;
	};
	return seen;
}

/** The failure of an op. */
export class OpError extends Error {
	constructor(message, status, code = 0) {
		super(message);
		this.name = "OpError";
		this.status = status;
		this.code = code;
	}
}

/** Notes an op, and returns what answers it. */
export function answerer(name, answers, what) {
	current.seen?.ops.push(name);
	if (answers === undefined) throw new OpError(`${what} is not granted: give fakeHost an answer to it`, "denied");
	return answers;
}

/** Returns the bytes of text, or of anything with bytes. */
export function bytes(value) {
	if (value === undefined || value === null) return new Uint8Array();
	if (typeof value === "string") return new TextEncoder().encode(value);
	if (ArrayBuffer.isView(value)) return new Uint8Array(value.buffer, value.byteOffset, value.byteLength);
	return new Uint8Array(value);
}

/** The same, of nothing else. */
export function bytesOf(value) {
	if (typeof value !== "string" && !(value instanceof ArrayBuffer) && !ArrayBuffer.isView(value)) {
		throw new TypeError(`want text or bytes, not ${value === null ? "null" : typeof value}`);
	}
	return bytes(value);
}

async function* encoded(pieces) {
	for await (const piece of pieces) yield bytesOf(piece);
}

const streamed = (body) => typeof body === "object" && body?.[Symbol.asyncIterator] !== undefined;

export async function fakeFetch(input, init) {
	init?.signal?.throwIfAborted();
	const upload = streamed(init?.body);
	const request = new Request(input, upload ? { ...init, body: encoded(init.body), duplex: "half" } : init);
	const name = init?.stream || upload ? "http.open" : "http.fetch";
	const answer = await answerer(name, current.fakes.fetch, name)(request);
	const response = answer instanceof Response ? answer : new Response(streamed(answer) ? encoded(answer) : answer);
	response.bytes ??= async () => new Uint8Array(await response.arrayBuffer()); // Node before 22 has none
	return response;
}
