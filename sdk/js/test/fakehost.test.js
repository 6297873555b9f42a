import assert from "node:assert/strict";
import { afterEach, test } from "node:test";

import {
	call, config, emit, fetch, files, kv, log, op, OpError, program, progress, sleep, sleepSync, task, TaskError,
} from "wexec";
import { fakeHost } from "wexec/testing";

let host;
afterEach(() => host?.restore());

test("a task runs as the function does, with JSON both ways", async () => {
	const add = task({ mode: "cpu" }, (a, b) => ({ sum: a + b, none: undefined }));
	assert.deepEqual(await add(1, 2), { sum: 3 });
	const wait = task(async (when) => typeof when);
	assert.equal(await wait(new Date()), "string");
	const size = task({ bytes: true }, (bytes) => bytes.length);
	assert.equal(await size(new Uint8Array(3)), 3);
});

test("what can't be a task, or its result", async () => {
	assert.throws(() => task({ mode: "cpu" }, async () => {}), /a cpu task may not await/);
	assert.throws(() => task({ mode: "fast" }, () => {}), /unknown mode fast: want io, blocking or cpu/);
	assert.throws(() => task({}), /want a function/);
	await assert.rejects(task(() => () => {})(), /has no form in JSON/);
	assert.equal(await task(() => {})(), undefined);
});

test("errors arrive as they are", async () => {
	const failed = task(() => { throw new TaskError("too old", { code: 7 }); })();
	await assert.rejects(failed, (e) => e instanceof TaskError && e.code === 7 && e.message === "too old");
});

test("what no one answers is denied", async () => {
	host = fakeHost();
	for (const denied of [fetch("https://example.com/"), globalThis.fetch("https://example.com/"), op("kv.get"), call("x"), config("k")]) {
		await assert.rejects(denied, (e) => e instanceof OpError && e.status === "denied");
	}
	assert.deepEqual(host.ops, ["http.fetch", "http.fetch", "kv.get", "task.call", "config.get"]);
});

test("fakes answer", async () => {
	host = fakeHost({
		fetch: async (request) => Response.json({ url: request.url, method: request.method }),
		ops: { "kv.get": (arg) => `value of ${new TextDecoder().decode(arg)}` },
		config: { key: "value" },
		tasks: { double: (n) => 2 * n, "other.half": async (n) => n / 2 },
	});
	const answer = await (await globalThis.fetch("https://example.com/a", { method: "POST" })).json();
	assert.deepEqual(answer, { url: "https://example.com/a", method: "POST" });
	assert.equal(new TextDecoder().decode(await op("kv.get", "key")), "value of key");
	assert.deepEqual([await config("key"), await config("toString")], ["value", undefined]);
	assert.equal(await call("double", 4), 8);
	assert.equal(await call("half", 4, { module: "other" }), 2);
});

test("a task with a name can be called by it", async () => {
	task({ name: "product" }, (a, b) => a * b);
	assert.equal(await call("product", [6, 7]), 42);
});

test("signals, timers and logs", async () => {
	host = fakeHost({ fetch: () => new Response("late") });
	const signal = AbortSignal.abort(new Error("enough"));
	await assert.rejects(fetch("https://example.com/", { signal }), /enough/);
	await assert.rejects(sleep(1e6, { signal }), /enough/);
	const controller = new AbortController();
	const asleep = sleep(1e6, { signal: controller.signal });
	controller.abort(new Error("woken"));
	await assert.rejects(asleep, /woken/);
	await sleep(1);
	sleepSync(1);
	log.warn("careful");
	assert.deepEqual(host.logs, [{ level: "warn", text: "careful" }]);
});

test("programs", () => {
	host = fakeHost({ args: ["a"], env: { K: "V" }, stdin: "in" });
	program.stdout.write(program.args[0] + program.env.K + program.stdin.text());
	program.stderr.write("err");
	assert.equal(host.stdout, "aVin");
	assert.equal(host.stderr, "err");
	assert.throws(() => program.exit(3), /exit code 3/);
});

test("one fake at a time, and the global fetch comes back", () => {
	const before = globalThis.fetch;
	host = fakeHost();
	assert.notEqual(globalThis.fetch, before);
	assert.throws(() => fakeHost(), /there is a fake host already/);
	host.restore();
	assert.equal(globalThis.fetch, before);
});

test("chunks and progress are recorded", async () => {
	host = fakeHost();
	await emit("one");
	await emit(new Uint8Array([1, 2]).subarray(1));
	await progress(1, 2, "half");
	await progress(2);
	assert.deepEqual(host.emitted, ["one", new Uint8Array([2])]);
	assert.deepEqual(host.progress, [{ done: 1, total: 2, message: "half" }, { done: 2 }]);
	await assert.rejects(emit(1), /want text or bytes, not number/);
});

const text = (bytes) => new TextDecoder().decode(bytes);
const all = async (entries) => {
	const list = [];
	for await (const entry of entries) list.push(entry);
	return list;
};

test("bodies are streams, both ways", async () => {
	host = fakeHost({
		fetch: async function* (request) {
			yield "got ";
			if (request.body) yield* request.body;
		},
	});
	async function* body() {
		yield "one ";
		yield new Uint8Array([50]);
	}
	const response = await fetch("https://example.com/", { method: "POST", body: body(), stream: true });
	assert.equal((await all(response.body)).map(text).join(""), "got one 2");
	assert.equal(text(await (await fetch("https://example.com/")).bytes()), "got ");
	assert.deepEqual(host.ops, ["http.open", "http.fetch"]);
	async function* broken() {
		throw new Error("no more");
	}
	await assert.rejects((await fetch("https://example.com/", { method: "POST", body: broken() })).text(), /no more/);
});

test("keys and values", async () => {
	host = fakeHost();
	await assert.rejects(kv.get("a"), (e) => e.status === "denied");
	host.restore();
	host = fakeHost({ kv: { a: "1", "b/1": new Uint8Array([7]) } });
	assert.equal(text(await kv.get("a")), "1");
	assert.equal(await kv.get("none"), undefined);
	const { version } = await kv.entry("a");
	assert.equal(await kv.swap("a", "2", 0n), 0n);
	const next = await kv.swap("a", "2", version);
	assert.ok(next > version);
	assert.equal(await kv.delete("a", version), false);
	assert.equal(await kv.add("a", 40), 42);
	assert.equal(await kv.add("n"), 1);
	await assert.rejects(kv.add("b/1"), (e) => e.status === "invalid_input");
	await assert.rejects(kv.put("", "x"), (e) => e.status === "invalid_input");
	await assert.rejects(kv.put("x", 1), /want text or bytes, not number/);
	await kv.put("b/2", "two");
	assert.deepEqual((await all(kv.scan("b/"))).map((e) => [e.key, text(e.value)]), [["b/1", "\x07"], ["b/2", "two"]]);
	assert.deepEqual((await all(kv.scan("", "b/1"))).map((e) => e.key), ["b/2", "n"]);
	assert.equal(await kv.delete("b/1"), true);
	assert.equal(await kv.delete("b/1"), false);
	await kv.put("short", "x", { ttl: 1e6 });
	assert.equal(text(await kv.get("short")), "x");
	const { now } = Date;
	Date.now = () => now() + 1e6;
	assert.equal(await kv.get("short"), undefined);
	assert.ok(await kv.swap("short", "y", 0n) > 0n);
	Date.now = now;
	assert.ok(host.ops.includes("kv.scan"));
});

test("files", async () => {
	const failed = (why) => (e) => e instanceof OpError && e.status === "failed" && e.message.endsWith(why);
	host = fakeHost();
	await assert.rejects(files.read("/data/a"), (e) => e.status === "denied");
	host.restore();
	host = fakeHost({ files: { "/data/a.txt": "a", "/data/deep/er/b": "b", "/out/": "" } });
	assert.equal(await files.text("/data/a.txt"), "a");
	assert.equal(await files.text("/data/deep/../deep//er/b"), "b");
	await assert.rejects(files.read("/data/none"), failed(": no such file"));
	await assert.rejects(files.read("/data"), failed(": it is a directory"));
	await assert.rejects(files.read("/data/a.txt/x"), failed(": it is not in a directory"));
	for (const path of ["/etc/passwd", "/data/../etc", "", "/"]) {
		await assert.rejects(files.stat(path), (e) => e.status === "denied", path);
	}
	assert.equal(await files.stat("/data/none"), undefined);
	const { kind, size, modified } = await files.stat("/data/a.txt");
	assert.deepEqual([kind, size, modified instanceof Date], ["file", 1, true]);
	await files.write("/out/c", new Uint8Array([99, 99]));
	await files.mkdir("/out/d");
	await assert.rejects(files.mkdir("/out/d"), failed(": it exists already"));
	await assert.rejects(files.write("/out/d", ""), failed(": it is a directory"));
	await files.rename("/out/c", "/out/d/c");
	assert.deepEqual(await all(files.list("/out")), [{ name: "d", kind: "directory" }]);
	await assert.rejects(files.remove("/out/d"), failed(": the directory is not empty"));
	await assert.rejects(files.rename("/out/d", "/out/d/e"), OpError);
	await files.rename("/out/d", "/data/d");
	assert.equal(await files.text("/data/d/c"), "cc");
	await files.remove("/data/d/c");
	await files.remove("/data/d");
	assert.deepEqual((await all(files.list("/data"))).map((e) => e.name).sort(), ["a.txt", "deep"]);
});
