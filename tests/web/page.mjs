// A person at the page, in Chromium: picks an example, runs it, looks at what it printed, wrote and called, takes files away, drops
// programs and files of all kinds on it.
//
//     node page.mjs PLAYWRIGHT ADDRESS DIRECTORY
//
// PLAYWRIGHT is the package playwright-core. DIRECTORY has the programs to drop, and gets `page.png` and the profile of the browser.
import { strict as assert } from "node:assert";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

const [playwright, address, directory] = process.argv.slice(2);
const { chromium } = await import(pathToFileURL(join(playwright, "index.mjs")));
const browser = await chromium.launchPersistentContext(join(directory, "profile"), {
  executablePath: "/usr/bin/chromium", headless: true, viewport: { width: 1280, height: 1020 }, acceptDownloads: true, colorScheme: "light",
  // Without a sandbox of its own, which the superuser cannot have; it loads nothing but our page, and looks for nothing else.
  args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"],
});
const page = await browser.newPage();
const errors = [], foreign = [];
page.on("pageerror", (error) => errors.push(`${error.stack}`));
page.on("console", (message) => message.type() === "error" && errors.push(message.text()));
page.on("request", (request) => !/^(data|blob):/.test(request.url()) && !request.url().startsWith(address) && foreign.push(request.url()));
page.setDefaultTimeout(Number(process.env.PATIENCE ?? 60_000));

const text = (id) => page.locator(`#${id}`).innerText();
const status = async (wanted) => {
  const found = page.locator("#status", { hasText: wanted }).waitFor();
  await found.catch(async () => assert.fail(`no ${wanted}: ${await text("status")}\n${errors.join("\n")}`));
};
const item = (path) => page.locator(`#tree [data-path="${path}"] > .entry`);
const marks = () => page.locator("#tree .mark:not(.inside)").evaluateAll((all) => Object.fromEntries(all.map((mark) => [mark.closest("li").dataset.path, mark.textContent])));
const contents = () => page.locator("#viewer pre").innerText();
const run = async (wanted) => {
  await page.click("#run");
  await status(wanted);
};
const downloaded = async (button) => {
  const [download] = await Promise.all([page.waitForEvent("download"), button.click()]);
  return { name: download.suggestedFilename(), bytes: readFileSync(await download.path()) };
};
/** Drops files, by name and bytes, on an element. */
const drop = async (selector, files) => {
  const given = files.map(([name, bytes]) => [name, Buffer.from(bytes).toString("base64")]);
  const transfer = await page.evaluateHandle(async (given) => {
    const transfer = new DataTransfer();
    for (const [name, base64] of given) transfer.items.add(new File([Uint8Array.from(atob(base64), (one) => one.charCodeAt(0))], name));
    return transfer;
  }, given);
  for (const type of ["dragover", "drop"]) await page.dispatchEvent(selector, type, { dataTransfer: transfer });
};
const calls = async (filter) => {
  await page.fill("#call-filter", filter);
  return page.locator("#calls li").allInnerTexts();
};
const wasm = (name) => readFileSync(join(directory, name));

await page.goto(address);

// A packed example: it runs, and what it wrote is in the tree.
await page.click("#examples button:has-text('Python')");
await status(/^Ready/);
assert.equal(await page.inputValue("#arguments"), "python /project/main.py");
await item("/project").click();
await item("/project/main.py").click();
assert.match(await contents(), /^"""A small project/);
await run(/^It ended with status 0/);
assert.match(await text("terminal"), /^Kyoto +11057 km from Lisbon\n/);
assert.match(await text("terminal"), /What I see in \/ : dev project tmp\n$/);
const marked = await marks();
assert.equal(marked["/tmp/report.txt"], "new");
assert.equal(marked["/project/main.py"], undefined);
await item("/tmp/report.txt").click();
await page.waitForSelector("#viewer pre");
assert.match(await contents(), /^Kyoto +11057 km from Lisbon\n/);
const report = await downloaded(page.locator("#viewer button", { hasText: "Download" }));
assert.equal(report.name, "report.txt");
assert.match(report.bytes.toString(), /^Kyoto +11057 km from Lisbon\n(.+\n){3}$/);
await page.click("#viewer button:has-text('Hex')");
assert.match(await contents(), /^000000 {2}4b 79 6f 74 6f /);
const opened = await calls("path_open");
assert(opened.some((line) => /^path_open\(3, .*"project\/data\/cities.json"/.test(line)), opened.join("\n"));
assert(opened.every((line) => line.includes("path_open")));
assert.match(await text("call-count"), /^[\d,]+ in all$/);
const archive = await downloaded(page.locator("#tar"));
assert.equal(archive.name, "after.tar");
assert(archive.bytes.length % 512 === 0 && archive.bytes.includes("tmp/report.txt"), "an archive");
await page.screenshot({ path: join(directory, "page.png") });
console.log("all of it holds");
await browser.close();
assert.deepEqual(errors, []);
assert.deepEqual(foreign, []);
