// What each start finds done: modules loaded, a table made, a file open and read to its second line, a file written.
import { primes } from "./primes.js";

globalThis.primes = primes(200);
globalThis.lines = openFile("/app/lines.txt");
print("initialising:", readLine(lines));
