// The examples for pages of the JavaScript package's README, in Chromium.
//
//     node readme.mjs PLAYWRIGHT ADDRESS DIRECTORY
//
// PLAYWRIGHT is the package playwright-core. DIRECTORY gets the profile of the browser.
import { strict as assert } from "node:assert";
import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

const [playwright, address, directory] = process.argv.slice(2);
const executablePath = execFileSync("sh", ["-c", "command -v chromium"]).toString().trim();
const { chromium } = await import(pathToFileURL(join(playwright, "index.mjs")));
const browser = await chromium.launchPersistentContext(join(directory, "profile"), {
  executablePath, headless: true,
  // Without a sandbox of its own, which the superuser cannot have; it loads nothing but our page, and looks for nothing else.
  args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"],
});
const page = await browser.newPage();
const errors = [];
page.on("pageerror", (error) => errors.push(`${error.stack}`));
page.setDefaultTimeout(60_000);

// The page prints what the program prints, and its status.
await page.goto(address);
const output = page.locator("#output", { hasText: /status 0$/ });
await output.waitFor().catch(async () => assert.fail(`${errors} ${await page.locator("#output").innerText()}`));
assert.match(await output.innerText(), /^arguments: \["app"\]\ngreeting: None\n[^]*\nno line feed\nstatus 0$/);

// The worker's page logs what the worker posts: pieces of output, then the status and an archive.
const logged = [];
page.on("console", (message) => message.args()[0] && logged.push(message.args()[0].evaluate((data) => data && {
  stdout: data.stdout && new TextDecoder().decode(data.stdout), status: data.status, archive: data.archive?.length,
})));
const last = page.waitForEvent("console", async (message) => (await message.args()[0]?.evaluate((data) => data?.status)) === 0);
await page.goto(`${address}with-worker.html`);
await last;
const posted = await Promise.all(logged);
assert.match(posted.map(({ stdout }) => stdout ?? "").join(""), /^arguments: \["app"\]\n[^]*\nno line feed$/);
const { status, archive } = posted.at(-1);
assert.equal(status, 0);
assert(archive > 0 && archive % 512 === 0, `an archive of ${archive} bytes`);
assert.deepEqual(errors, []);
await browser.close();
console.log("all of it holds");
