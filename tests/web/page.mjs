// A person at the page, in Chromium: picks an example, runs it, looks at what it printed, wrote and called, takes files away, drops
// programs and files of all kinds on it.
//
//     node page.mjs PLAYWRIGHT ADDRESS DIRECTORY
//
// PLAYWRIGHT is the package playwright-core. DIRECTORY has the programs to drop, and gets `page.png` and the profile of the browser.
import { strict as assert } from "node:assert";
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

const [playwright, address, directory] = process.argv.slice(2);
const executablePath = execFileSync("sh", ["-c", "command -v chromium"]).toString().trim();
const { chromium } = await import(pathToFileURL(join(playwright, "index.mjs")));
const browser = await chromium.launchPersistentContext(join(directory, "profile"), {
  executablePath, headless: true, viewport: { width: 1280, height: 1020 }, acceptDownloads: true, colorScheme: "light",
  // Without a sandbox of its own, which the superuser cannot have; it loads nothing but our page, and looks for nothing else.
  args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"],
});
const page = await browser.newPage();
const errors = [], foreign = [];
page.on("pageerror", (error) => errors.push(`${error.stack}`));
page.on("console", (message) => message.type() === "error" && errors.push(message.text()));
page.on("request", (request) => !/^(data|blob):/.test(request.url()) && !request.url().startsWith(address) && foreign.push(request.url()));
process.on("exit", () => errors.forEach((error) => console.error(error))); // why a step failed
page.setDefaultTimeout(Number(process.env.PATIENCE ?? 60_000));

const text = (id) => page.locator(`#${id}`).innerText();
const status = async (wanted) => {
  const found = page.locator("#status", { hasText: wanted }).waitFor();
  await found.catch(async () => assert.fail(`no ${wanted}: ${await text("status")}`));
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
assert.match(await contents(), /^000000 4b 79 6f 74 6f /);
const opened = await calls("path_open");
assert(opened.some((line) => /^path_open\(3, .*"project\/data\/cities.json"/.test(line)), opened.join("\n"));
assert(opened.every((line) => line.includes("path_open")));
assert.match(await text("call-count"), /^[\d,]+ in all$/);
const archive = await downloaded(page.locator("#tar"));
assert.equal(archive.name, "after.tar");
assert(archive.bytes.length % 512 === 0 && archive.bytes.includes("tmp/report.txt"), "an archive");
await page.click("#viewer button:has-text('Hex')");
await page.fill("#call-filter", '/');
await page.mouse.move(0, 0);
await page.evaluate(() => document.activeElement.blur());
await page.screenshot({ path: join(directory, "page.png") });
await page.fill("#call-filter", "");

// Only what changed; and the state before has nothing of it.
await page.check("#only-changed");
assert.equal(await item("/project/main.py").count(), 0);
assert.equal(await item("/tmp/report.txt").count(), 1);
await page.uncheck("#only-changed");
await page.check("[value=before]");
assert.equal(await item("/tmp/report.txt").count(), 0);

// By the keyboard alone: a directory closed and opened, and through it to a file.
await page.locator("#tree [tabindex='0']").focus();
const press = async (...keys) => { for (const key of keys) await page.keyboard.press(key); };
await press("Home", "ArrowDown", "ArrowLeft");
assert.equal(await item("/project/data").count(), 0);
await press("ArrowRight", "ArrowRight", "ArrowRight", "End", "ArrowUp", "Home", "ArrowDown", "ArrowDown", "ArrowDown", "Enter");
await page.waitForSelector("#viewer pre");
assert.equal(await page.locator("#viewer h3").innerText(), "/project/data/cities.json");
await press("ArrowLeft", " ");
assert.equal(await page.locator("#viewer h3").innerText(), "/project/data");

// A script that keeps a database, too.
await page.click("#examples button:has-text('PHP')");
await status(/^Ready/);
await run(/^It ended with status 0/);
assert.match(await text("terminal"), /^Ben +34\.00\nChloé +27\.00\nAna +25\.00\ntotals\.html is written, \d+ bytes\n$/);
assert.deepEqual(await marks(), { "/shop/orders.db": "new", "/shop/totals.html": "new" });

// Standard input, and a file that is not text.
await page.click("#examples button:has-text('SQLite')");
await status(/^Ready/);
await run(/^It ended with status 0/);
assert.match(await text("terminal"), /1972 +Invisible Cities +Italo Calvino/);
assert.equal((await marks())["/data/library.db"], "new");
await item("/data/library.db").click();
await page.waitForSelector("#viewer pre.hex");
assert.match(await contents(), /^000000 53 51 4c 69 74 65 .* SQLite format 3\.\n/);
await item("/data/by-author.csv").click();
await page.waitForSelector("#viewer pre:not(.hex)");
assert.match(await contents(), /^"Italo Calvino","Invisible Cities"/);

// A program that nobody packed, and a file for it: linked here, and its calls are told.
await drop("#program", [["transform.wasm", wasm("transform.wasm")]]);
await status(/^Ready\. It is not packed/);
await page.fill("#environment", "GREETING=hello");
await page.fill("#stdin", "typed here");
await drop("#inputs", [["a.txt", "from a person"], ["b.wasm", "no program, a file"]]);
await status(/^Ready\.$/);
assert.match(await text("input-list"), /^\/input\/a\.txt, 13 bytes\s+Remove\s+\/input\/b\.wasm, 18 bytes\s+Remove$/);
await item("/input").click();
await item("/input/a.txt").click();
await page.waitForSelector("#viewer pre");
assert.equal(await contents(), "from a person");
await page.fill("#arguments", `transform exit=3 'one word' "two \\"words\\"" t\\hree`);
await run(/^It ended with status 3/);
const printed = await text("terminal");
assert(printed.includes(String.raw`arguments: ["transform", "exit=3", "one word", "two \"words\"", "three"]`), printed);
assert.match(printed, /greeting: Some\("hello"\)\ninput: "typed here"\n/);
assert.equal(await page.locator("#terminal .stderr").innerText(), "an error, not really\n");
assert.deepEqual(Object.keys(await marks()), ["/output", "/output/a.txt", "/output/b.wasm"]);
await item("/output/a.txt").click();
await page.waitForSelector("#viewer pre");
assert.equal(await contents(), "FROM A PERSON");
assert((await calls('"output')).some((line) => line.includes('path_create_directory(3, "output") = 0')));
assert((await calls("fd_write(2")).some((line) => line.includes('fd_write(2, "an error, not really\\n", 21) = 21')));
await page.fill("#call-filter", "");
await page.locator("#input-list button").last().click();
await status(/^Ready\.$/);
assert.equal(await item("/input/b.wasm").count(), 0);

// Not asked for, none are told.
await page.uncheck("#trace");
await page.fill("#arguments", "transform");
await run(/^It ended with status 0/);
assert.match(await text("calls"), /^They were not asked for/);
await page.check("#trace");

// A trap: the tree is as it left it.
await page.fill("#arguments", "transform trap");
await run(/^It trapped/);
assert.match(await text("terminal"), /The program trapped: unreachable\.\nin .*\n(.*\n)*in transform::main\n/);
assert.equal((await marks())["/output/a.txt"], "new");

// Two memories; and a program that was packed without the lines of its calls.
await drop("#program", [["isolated.wasm", wasm("isolated.wasm")]]);
await status(/^Ready\.$/);
await run(/^It ended with status 0/);
assert.equal((await marks())["/output/a.txt"], "new");
assert.match(await text("calls"), /^None were told/);

// No import at all: what it prints is in its tree.
await drop("body", [["hermetic.wasm", wasm("hermetic.wasm")], ["c.txt", "dropped with it"]]);
await status(/^Ready\.$/);
await run(/^It ended with status 0/);
assert.match(await text("terminal"), /^It printed nothing here/);
await item("/output/c.txt").click();
await page.waitForSelector("#viewer pre");
assert.equal(await contents(), "DROPPED WITH IT");

// One that does not end is stopped, and the page goes on.
await drop("#program", [["endless.wasm", wasm("endless.wasm")]]);
await status(/^Ready/);
await page.click("#run");
await status(/^Running/);
await item("/input").click();
await item("/input/a.txt").click();
assert.match(await text("viewer"), /When it has ended/);
await page.click("#stop");
await status(/^Stopped/);
await item("/input/a.txt").click();
await page.waitForSelector("#viewer pre");
assert.equal(await contents(), "from a person");

// What cannot run is said in words.
for (const [name, bytes, words] of [
  ["notes.txt", "no program", /^notes\.txt is not WebAssembly/],
  ["broken.wasm", wasm("transform.wasm").subarray(0, 5000), /^This browser cannot compile it/],
  ["component.wasm", wasm("component.wasm"), /^component\.wasm is a component/],
  ["strange.wasm", wasm("strange.wasm"), /wants more than WASI.*: env\.beep\.$/],
  ["early.wasm", wasm("early.wasm"), /calls sched_yield in its start function/],
  ["bare.wasm", wasm("bare.wasm"), /--strip-host-api/],
]) {
  await drop("#program", [[name, bytes]]);
  await status(words);
  assert(await page.isDisabled("#run"), name);
}
await drop("#program", [["transform.wasm", wasm("transform.wasm")]]);
await status(/^Ready/);

// A directory, as the system drops one; and a filesystem in place of the empty one.
const devtools = await browser.newCDPSession(page), place = await page.locator("#inputs h2").boundingBox();
for (const type of ["dragEnter", "dragOver", "drop"]) {
  await devtools.send("Input.dispatchDragEvent", { type, x: place.x + 5, y: place.y + 5, data: { items: [], files: [join(directory, "project")], dragOperationsMask: 1 } });
}
await page.locator("#input-list", { hasText: "/input/project/data/d.txt, 14 bytes" }).waitFor();
await page.fill("#arguments", "kept");
await drop("#program", [["baked.wasm", wasm("baked.wasm")]]);
await status(/linked with baked\.wasm\.$/);
assert.equal(await page.inputValue("#arguments"), "kept");
assert.match(await text("chosen"), /^transform\.wasm/);
await item("/baked.txt").click();
await page.waitForSelector("#viewer pre");
assert.equal(await contents(), "baked\n");
await page.fill("#environment", "no equals sign");
await page.click("#run");
await status(/not NAME=VALUE/);

// On a narrow screen nothing is beside it, and in the dark it is dark.
await page.setViewportSize({ width: 360, height: 740 });
await page.emulateMedia({ colorScheme: "dark" });
assert.equal(await page.evaluate(() => document.documentElement.scrollWidth), 360);
assert.equal(await page.evaluate(() => getComputedStyle(document.body).backgroundColor), "rgb(23, 25, 28)");
if (process.env.NARROW) await page.screenshot({ path: process.env.NARROW, fullPage: true });

await browser.close();
assert.deepEqual(errors, []);
assert.deepEqual(foreign, []);
console.log("all of it holds");
