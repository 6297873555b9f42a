// The conformance program in JavaScript. Every guest language has the same tasks, so that
// one suite can test them all. Inputs and outputs are raw bytes, with numbers as decimal
// text.
import {
	call, emit, fetch, files as folder, kv as store, log as logger, op, program, progress, sleep as pause, task, TaskError,
} from "wexec";

const encoder = new TextEncoder(), decoder = new TextDecoder();
const [io, blocking, cpu] = ["io", "blocking", "cpu"].map((mode) => ({ mode, bytes: true }));
const text = (bytes) => decoder.decode(bytes);
const bytes = (value) => encoder.encode(`${value}`);
const raw = (name, input) => call(name, input, { bytes: true });

// Bytes in, bytes out.
const identity = (input) => input;
export const echo = task(io, identity);
export const echo_blocking = task(blocking, identity);
export const echo_cpu = task(cpu, identity);
export const noop = task(blocking, () => {});
export const noop_io = task(io, () => {});
export const noop_cpu = task(cpu, () => {});
export const sum = task(cpu, (input) => bytes(input.reduce((total, b) => total + b, 0)));
export const big = task(blocking, (input) => Uint8Array.from({ length: Number(text(input)) }, (_, i) => i % 251));
export const schema = task({
	mode: "blocking",
	input: { type: "object", properties: { n: { type: "integer" } }, required: ["n"] },
	output: { type: "integer" },
}, ({ n }) => n);
let count = 0;
export const counter = task(blocking, () => bytes(++count));

// Ways to end.
export const fail = task(blocking, (input) => { throw new TaskError(`told to fail: ${text(input)}`, { code: 7 }); });
export const panic = task(io, (input) => { throw new Error(text(input)); });
export const exit3 = task(blocking, () => program.exit(3));
export const grow = task(blocking, () => {
	for (const kept = []; ;) kept.push(new Uint8Array(1 << 20).fill(1));
});
const loop = () => { for (;;); };
export const forever = task(blocking, loop);
export const forever_cpu = task(cpu, loop);

// Ops.
const slept = async (input) => {
	await pause(Number(text(input)));
	return bytes("slept");
};
const wait = () => pause(3_600_000);
export const sleep = task(io, slept);
export const sleep_blocking = task(blocking, slept);
export const hang = task(io, wait);
export const slow = task({ ...blocking, timeout: 50 }, wait);
export const await_cpu = task(cpu, wait);
export const leak_op = task(blocking, () => { wait(); });
export const nosuch = task(io, () => op("no.such"));
export const fetch_ = task({ ...io, name: "fetch" }, async (url) => (await fetch(text(url))).bytes());
async function* twoPieces() {
	yield "one ";
	yield "two";
}
export const stream = task(io, async (url) =>
	(await fetch(text(url), { method: "POST", body: twoPieces(), stream: true })).bytes());
const forward = (input) => {
	const at = input.indexOf(10);
	return raw(text(input.subarray(0, at)), input.subarray(at + 1));
};
export const call_ = task({ ...io, name: "call" }, forward);
export const call_blocking = task(blocking, forward);
export const fan = task(io, async (input) => {
	const [n, ms] = text(input).split(" ");
	const done = await Promise.all(Array.from({ length: Number(n) }, () => raw("sleep", bytes(ms))));
	return bytes(done.length);
});
export const tree = task(blocking, async (input) => {
	const depth = Number(text(input));
	if (depth === 0) return bytes(1);
	const halves = await Promise.all([raw("tree", bytes(depth - 1)), raw("tree", bytes(depth - 1))]);
	return bytes(halves.reduce((leaves, half) => leaves + Number(text(half)), 0));
});

// Output to the log and the standard streams.
export const log = task(blocking, (input) => logger.info(text(input)));
export const print = task(blocking, (input) => console.log("%s", text(input)));

// Output before the end.
const countOut = async (input) => {
	const n = Number(text(input));
	for (let i = 0; i < n; i++) {
		if (i % 100 === 0) await progress(i, n, 'counting "out"');
		await emit(`${i}\n`);
	}
	return bytes("end");
};
export const count_out = task(blocking, countOut);
export const count_out_io = task(io, countOut);
export const count_out_cpu = task(cpu, (input) => {
	const n = Number(text(input));
	for (let i = 0; i < n; i++) {
		if (i % 100 === 0) progress(i, n, 'counting "out"');
		emit(`${i}\n`);
	}
	return bytes("end");
});

// Keys and values, and files.
export const kv = task(io, async (input) => {
	const first = await store.swap("k", input, 0n);
	const again = await store.swap("k", "x", 0n);
	await store.add("n", 42);
	let all = "";
	for await (const { key, value } of store.scan()) all += `${key}=${text(value)};`;
	const deleted = await store.delete("k", first);
	await store.delete("n");
	return bytes(`${+(first !== 0n)}${+(again !== 0n)}${+deleted} ${all}`);
});
export const files = task(io, async (input) => {
	const path = "/data/f";
	await folder.write(path, input);
	const { kind, size } = await folder.stat(path);
	let names = "";
	for await (const { name } of folder.list("/data")) names += name;
	const content = await folder.text(path);
	await folder.remove(path);
	return bytes(`${kind === "file" ? 4 : kind} ${size} ${names}=${content}`);
});
