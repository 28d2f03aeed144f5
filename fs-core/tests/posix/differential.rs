//! Random sequences of calls on both worlds.
