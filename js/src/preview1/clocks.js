/**
 * Clocks and waiting: `clock_res_get`, `clock_time_get`, `poll_oneoff`, `sched_yield`.
 *
 * There are two clocks: the time of day, and a monotonic clock, which serves all other ids. Streams
 * are always ready, so `poll_oneoff` waits for clocks only.
 */
import {
  CLOCKID_REALTIME,
  ERRNO_INVAL,
  ERRNO_SUCCESS,
  EVENT,
  EVENTTYPE_CLOCK,
  SUBSCRIPTION,
  SUBSCRIPTION_CLOCK_ABSTIME,
} from "./abi.js";
import { unsigned } from "./program-memory.js";
import { sleep } from "./sleep.js";

/** @import { ProgramMemory } from "./program-memory.js" */

const NANOSECONDS_PER_MILLISECOND = 1_000_000;
/** `Date.now()` counts milliseconds. */
const REALTIME_RESOLUTION_NS = 1_000_000n;
/** The finest resolution that we promise for `performance.now()`. Browsers round it further. */
const MONOTONIC_RESOLUTION_NS = 1_000n;

/**
 * Makes the functions for clocks and waiting.
 *
 * @param {ProgramMemory} memory
 */
export function clocks(memory) {
  return {
    /**
     * @param {number} clockId
     * @param {number} resolutionAddress
     */
    clock_res_get(clockId, resolutionAddress) {
      const isRealtime = clockId === CLOCKID_REALTIME;
      const resolution = isRealtime ? REALTIME_RESOLUTION_NS : MONOTONIC_RESOLUTION_NS;
      memory.setU64(resolutionAddress, resolution);
      return ERRNO_SUCCESS;
    },

    /**
     * @param {number} clockId
     * @param {bigint} _precision
     * @param {number} timeAddress
     */
    clock_time_get(clockId, _precision, timeAddress) {
      memory.setU64(timeAddress, nanosecondsOn(clockId));
      return ERRNO_SUCCESS;
    },

    /**
     * @param {number} subscriptions the address of an array
     * @param {number} events the address of an array of as many
     * @param {number} count
     * @param {number} countAddress where the number of events is stored
     */
    poll_oneoff(subscriptions, events, count, countAddress) {
      if (count === 0) return ERRNO_INVAL;
      const waiting = readSubscriptions(memory, unsigned(subscriptions), unsigned(count));
      const soonest = waiting.map(({ left }) => left).reduce(smaller);
      if (soonest > 0n) sleep(Number(soonest) / NANOSECONDS_PER_MILLISECOND);
      const ready = waiting.filter(({ left }) => left <= soonest || left <= 0n);
      writeEvents(memory, unsigned(events), ready);
      memory.setU32(countAddress, ready.length);
      return ERRNO_SUCCESS;
    },

    sched_yield() {
      return ERRNO_SUCCESS;
    },
  };
}

/**
 * Returns the time on a clock.
 *
 * @param {number} clockId
 */
function nanosecondsOn(clockId) {
  if (clockId === CLOCKID_REALTIME) return BigInt(Date.now()) * REALTIME_RESOLUTION_NS;
  return BigInt(Math.round(performance.now() * NANOSECONDS_PER_MILLISECOND));
}

/**
 * A subscription. `left` is how long it still waits, in nanoseconds; if 0 or less, it is ready.
 *
 * @typedef {{ userdata: bigint, type: number, left: bigint }} Subscription
 */

/**
 * @param {ProgramMemory} memory
 * @param {number} address
 * @param {number} count
 */
function readSubscriptions(memory, address, count) {
  /** @type {Subscription[]} */
  const subscriptions = [];
  for (let index = 0; index < count; index++) {
    subscriptions.push(readSubscription(memory, address + index * SUBSCRIPTION.BYTES));
  }
  return subscriptions;
}

/**
 * @param {ProgramMemory} memory
 * @param {number} address
 * @returns {Subscription}
 */
function readSubscription(memory, address) {
  const userdata = memory.getU64(address + SUBSCRIPTION.USERDATA);
  const type = memory.getU8(address + SUBSCRIPTION.TAG);
  if (type !== EVENTTYPE_CLOCK) return { userdata, type, left: 0n };
  const timeout = memory.getU64(address + SUBSCRIPTION.CLOCK_TIMEOUT);
  const flags = memory.getU16(address + SUBSCRIPTION.CLOCK_FLAGS);
  const isAbsolute = (flags & SUBSCRIPTION_CLOCK_ABSTIME) !== 0;
  const clockId = memory.getU32(address + SUBSCRIPTION.CLOCK_ID);
  const left = isAbsolute ? timeout - nanosecondsOn(clockId) : timeout;
  return { userdata, type, left };
}

/**
 * @param {ProgramMemory} memory
 * @param {number} address
 * @param {Subscription[]} ready
 */
function writeEvents(memory, address, ready) {
  for (const { userdata, type } of ready) {
    memory.clear(address, EVENT.BYTES);
    memory.setU64(address + EVENT.USERDATA, userdata);
    memory.setU8(address + EVENT.TYPE, type);
    address += EVENT.BYTES;
  }
}

/**
 * @param {bigint} one
 * @param {bigint} other
 */
function smaller(one, other) {
  return other < one ? other : one;
}
