import asyncio
import http.server
import os
import tempfile
import threading
import time
import unittest

import wexec
from wexec import Error, Future, InvalidInput, task


@task(cpu=True)
def process():
    return os.getpid()


@task(cpu_bound=True)
def fails():
    raise ValueError("bad")


@task
def thread():
    return threading.current_thread().name


@task
async def on_loop():
    return threading.current_thread().name


@task
def add(a, b=2):
    return a + b


@task
def raw(data: bytes):
    return data[::-1]


class Tasks(unittest.TestCase):
    def test_modes(self):
        self.assertEqual([t.mode for t in (process, thread, on_loop)], ["cpu", "blocking", "io"])
        self.assertNotEqual(process().result(), os.getpid())
        self.assertIn("wexec_", thread().result())
        self.assertEqual(on_loop().result(), "wexec")

    def test_cpu_async(self):
        with self.assertRaisesRegex(TypeError, "can't be cpu"):
            @task(cpu=True)
            async def f():
                pass

    def test_errors_of_processes(self):
        with self.assertRaisesRegex(ValueError, "bad"):
            fails().result()

    def test_methods(self):
        class Counter:
            n = 3

            @task
            def more(self, by):
                return self.n + by

        self.assertEqual(Counter().more(4).result(), 7)

    def test_existing_functions(self):
        nap = task(time.sleep)
        start = time.monotonic()
        for f in [nap(0.1) for _ in range(4)]:
            f.result()
        self.assertLess(time.monotonic() - start, 5)

    def test_call_by_name(self):
        self.assertEqual(wexec.call("add", {"a": 1}).result(), 3)
        self.assertEqual(wexec.call("add", [1, 1]).result(), 2)
        self.assertEqual(wexec.call("add", 5).result(), 7)
        self.assertEqual(wexec.call("raw", b"ab", raw=True).result(), b"ba")
        with self.assertRaises(Error) as caught:
            wexec.call("no such").result()
        self.assertEqual(caught.exception.status, "no_such_task")

    def test_error_classes(self):
        self.assertTrue(issubclass(InvalidInput, ValueError))
        self.assertEqual(Error("x", code=7).code, 7)
        self.assertIsInstance(wexec.op("no.such").exception(), PermissionError)

    def test_future_states(self):
        f = Future()
        self.assertFalse(f.done())
        f.set_exception(KeyError)
        self.assertIsInstance(f.exception(), KeyError)
        g = Future()
        self.assertTrue(g.cancel() and g.cancelled())
        with self.assertRaises(wexec.CancelledError):
            g.result()

    def test_keys_and_values(self):
        kv = wexec.kv
        first = kv.swap("k", "v", 0).result()
        self.assertTrue(first)
        self.assertEqual(kv.swap("k", "x", 0).result(), 0)
        self.assertEqual((kv.get("k").result(), kv.get("none").result()), (b"v", None))
        self.assertEqual(kv.add("n", 42).result(), 42)
        self.assertEqual(kv.add("n").result(), 43)
        self.assertEqual([(k, v) for k, v in kv.scan()], [("k", b"v"), ("n", b"43")])
        self.assertFalse(kv.delete("k", first + 1).result())
        self.assertTrue(kv.delete("k", first).result())
        kv.put("brief", "x", ttl=-1).result()
        self.assertIsNone(kv.entry("brief").result())

    def test_files(self):
        files = wexec.files
        with tempfile.TemporaryDirectory() as folder:
            path = folder + "/f"
            files.write(path, "hello").result()
            self.assertEqual(files.stat(path).result().size, 5)
            self.assertEqual(list(files.list(folder)), [("f", "file")])
            self.assertEqual(b"".join(files.open(path, offset=1).result()), b"ello")
            files.rename(path, path + "2").result()
            self.assertIsNone(files.stat(path).result().kind)
            files.remove(path + "2").result()
            self.assertIsInstance(files.read(path).exception(), FileNotFoundError)

    def test_log(self):
        with self.assertLogs("wexec", "DEBUG") as seen:
            wexec.log("line")
            wexec.log("worse", 3)
        self.assertEqual(seen.output, ["INFO:wexec:line", "ERROR:wexec:worse"])

    def test_fetch(self):
        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["content-length"]))
                self.send_response(404 if self.path == "/missing" else 200)
                self.send_header("X-Type", self.headers["content-type"])
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *args):
                pass

        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            url = f"http://127.0.0.1:{server.server_port}"
            answer = wexec.fetch(url, method="POST", json={"a": 1}).result()
            self.assertEqual((answer.status, answer.json(), answer.ok), (200, {"a": 1}, True))
            self.assertEqual(answer.headers["x-type"], "application/json")

            up = wexec.pipe().result()
            opening = wexec.fetch(url, method="POST", body=up)
            up.write(b"one ").result()
            up.write(b"two").result()
            up.close().result()
            self.assertEqual(b"".join(opening.result().stream), b"one two")

            async def missing():
                return await wexec.fetch(url + "/missing", method="POST", body="x")

            self.assertEqual(asyncio.run(missing()).status, 404)
        finally:
            server.shutdown()
            server.server_close()


if __name__ == "__main__":
    unittest.main()
