// Runs after init.js, whether that ran just now or when the program was packed.
import { greeting } from "./greeting.js";

print(greeting(arguments));
print("primes:", primes.length, primes.at(-1));
print("next line:", readLine(lines));
print("a file:", readFile("/app/lines.txt").split("\n").length, "lines");
