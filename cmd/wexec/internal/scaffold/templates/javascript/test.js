// wexec run test.js

import { greet, primes } from "./task.js";

export * from "./task.js"; // so that they are tasks of this module too

function equal(got, want) {
	if (got !== want) throw new Error(`got ${got}, want ${want}`);
}

export default async () => {
	equal(greet("you"), "Hello, you!");
	equal(await primes(100), 25);
	console.log("ok");
};
