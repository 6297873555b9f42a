import assert from "node:assert/strict";
import { afterEach, test } from "node:test";

import { call, config, fetch, log, op, OpError, program, sleep, sleepSync, task, TaskError } from "wexec";
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
	await assert.rejects(task(() => () => {})(), /JSON has no form/);
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
