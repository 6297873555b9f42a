// What a script that is run as a program sees of its call.

import { host, parse } from "./core.js";

let known;
const given = () => (known ??= parse(host.arguments()));

/** All bytes of the standard input. */
function input() {
	const pieces = [];
	let size = 0;
	for (let piece; (piece = new Uint8Array(host.read())).length > 0; size += piece.length) pieces.push(piece);
	const all = new Uint8Array(size);
	let at = 0;
	for (const piece of pieces) {
		all.set(piece, at);
		at += piece.length;
	}
	return all;
}

export const program = {
	/** The arguments, without the program's name. */
	get args() { return given()[0] ?? []; },
	/** The environment. */
	get env() {
		const split = (e) => [e.slice(0, e.indexOf("=")), e.slice(e.indexOf("=") + 1)];
		return Object.fromEntries((given()[1] ?? []).map(split));
	},
	stdin: {
		bytes: () => input(),
		text: () => host.decode(input()),
	},
	stdout: { write: (text) => host.print(1, `${text}`) },
	stderr: { write: (text) => host.print(2, `${text}`) },
	/** Ends the instance: the call fails unless the code is 0. */
	exit: (code = 0) => host.exit(code | 0),
};
