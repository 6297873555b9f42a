// What a task emits before its end: chunks of its output, and progress.

import { host, attempt, callOf, caller, raw, react, stringify } from "./core.js";

const { Promise, TypeError, Uint8Array } = globalThis;
const most = 64 << 10; // bytes at once
const done = Promise.resolve();

host.room = (handle) => {
	const call = callOf(handle);
	call?.enter?.();
	call?.roomy?.();
};

/** Emits what there is room for, from a place on. Returns the place after it. */
function put(call, kind, bytes, at) {
	while (at < bytes.length && host.emit(call.handle, kind, bytes.subarray(at, at + most))) at += most;
	return at;
}

function send(call, kind, bytes) {
	const at = call.emitting === undefined ? put(call, kind, bytes, 0) : 0;
	if (at >= bytes.length) return done;
	const mine = rest(call, kind, bytes, at, call.emitting);
	call.emitting = mine;
	const end = () => {
		if (call.emitting === mine) call.emitting = undefined;
	};
	react(mine, end, end);
	return mine;
}

/** Emits the rest when what was emitted before has been, and there is room. */
async function rest(call, kind, bytes, at, before) {
	if (before === undefined) await roomOf(call);
	else await before;
	while ((at = put(call, kind, bytes, at)) < bytes.length) await roomOf(call);
}

const roomOf = (call) => new Promise((resolve) => { call.roomy = resolve; });

/**
 * Emits a chunk of the output, text or bytes. Resolves when there is room for more. What
 * the task returns comes after all chunks.
 */
export const emit = (chunk) => attempt(() => {
	const call = caller("emit");
	const bytes = raw(chunk);
	if (bytes === undefined) throw new TypeError("emit: want text or bytes");
	return send(call, 0, typeof bytes === "string" ? new Uint8Array(host.encode(bytes)) : bytes);
});

/** Says how far the task has got, in a unit of its own. */
export const progress = (n, total, message) => attempt(() => {
	const text = stringify({ done: n, total, message: message === undefined ? undefined : `${message}`.slice(0, 1000) });
	return send(caller("progress"), 1, new Uint8Array(host.encode(text)));
});
