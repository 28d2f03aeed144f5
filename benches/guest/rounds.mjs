// Times guests under a JavaScript engine, and prints what was found as JSON. `engines/javascript.rs` starts it.
//
//     ENGINE rounds.mjs about           what the engine is: { name, multi_memory }
//     ENGINE rounds.mjs samples PLAN    cases in turn, round after round: for each, the nanoseconds of one operation in every
//                                       round, or the text of the error that its first operation ended with
//     ENGINE rounds.mjs once PLAN       an export called once, of a fresh instance: its nanoseconds
//
// PLAN is JSON: `Plan` and `Once` of `engines.rs`.
import process from 'node:process';
import { engine, multiMemory, start } from './host.mjs';

const [command, text] = process.argv.slice(2);
const plan = text && JSON.parse(text);

// The processor time of this process, in nanoseconds. Time on the wall would count whatever else runs on the machine; the threads of
// the engine that compile and collect garbage work for the program.
function processorTime(work) {
  const before = process.cpuUsage();
  work();
  const { user, system } = process.cpuUsage(before);
  return (user + system) * 1000;
}

// How many operations take about a batch.
function batchSize(batch, call) {
  for (let count = 1; ; count *= 4) {
    const took = processorTime(() => call(count));
    if (took >= batch / 4) return Math.max(1, Math.floor((count * batch) / took));
  }
}

async function samples({ programs, cases, rounds, batch_ns, warm_up_ns }) {
  const instances = [];
  for (const { module, root } of programs) instances.push(await start(module, root));
  const found = cases.map(({ program, operation }) => {
    const call = instances[program].exports[operation];
    try {
      call(1);
    } catch (error) {
      return { error: String(error) };
    }
    return { call, ns: [] };
  });
  const runs = found.filter(({ call }) => call);
  // Compiled code gets better for a while, and threads of the engine that make it better should have done so before anything counts.
  for (let pass = 0; pass < 2; pass++) {
    for (const { call } of runs) {
      const count = batchSize(batch_ns, call);
      for (let left = warm_up_ns; left > 0; ) left -= Math.max(1000, processorTime(() => call(count)));
    }
  }
  for (const run of runs) run.count = batchSize(batch_ns, run.call);
  for (let round = 0; round < rounds; round++) {
    for (const { call, count, ns } of runs) ns.push(processorTime(() => call(count)) / count);
  }
  return found.map(({ error, ns }) => (error === undefined ? { ns } : { error }));
}

async function once({ program, before, timed }) {
  const { exports } = await start(program.module, program.root);
  for (const [name, count] of before) exports[name](count);
  const [name, count] = timed;
  return processorTime(() => exports[name](count));
}

const commands = { about: () => ({ name: engine, multi_memory: multiMemory }), samples, once };
console.log(JSON.stringify(await commands[command](plan)));
