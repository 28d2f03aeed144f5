// The first prime numbers.
export function primes(count) {
  const found = [];
  for (let n = 2; found.length < count; n++) {
    if (!found.some((p) => p * p <= n && n % p === 0)) found.push(n);
  }
  return found;
}
