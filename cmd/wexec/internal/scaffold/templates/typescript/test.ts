// wexec run test.ts

import { greet, primes } from "./task";

export * from "./task"; // so that they are tasks of this module too

function equal<T>(got: T, want: T) {
	if (got !== want) throw new Error(`got ${got}, want ${want}`);
}

export default async () => {
	equal(greet("you"), "Hello, you!");
	equal(await primes(100), 25);
	console.log("ok");
};
