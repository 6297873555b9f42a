// The fake host. index.js asks current for what a real host would do.

/** What is asked when no test has put a fake there. */
const none = { fakes: {}, seen: undefined };

export let current = none;

export function fakeHost(fakes = {}) {
	if (current !== none) throw new Error("there is a fake host already: call restore() at the end of each test");
	const seen = { logs: [], ops: [], stdout: "", stderr: "" };
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

export async function fakeFetch(input, init) {
	const request = new Request(input, init);
	request.signal.throwIfAborted();
	return answerer("http.fetch", current.fakes.fetch, "http.fetch")(request);
}
