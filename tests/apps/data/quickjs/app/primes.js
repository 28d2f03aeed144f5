// The first prime numbers. Interpreters of wasm run this too: no more work than it takes.
export function primes(count) {
  const found = [];
  for (let n = 2; found.length < count; n++) {
    const limit = found.findIndex((p) => p * p > n);
    if (!found.slice(0, Math.max(limit, 0)).some((p) => n % p === 0)) found.push(n);
  }
  return found;
}
