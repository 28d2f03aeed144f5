// Starts the guest, reads a file in it, and prints the peak of the resident memory in bytes.
//
//     ENGINE start.mjs MODULE [ROOT]
import process from 'node:process';
import { peakMemory, start } from './host.mjs';

const [path, root] = process.argv.slice(2);
const instance = await start(path, root);
instance.exports['read a file'](1);
console.log(peakMemory());
