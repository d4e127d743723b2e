//! The component engine: a resource is data, this is the code.
//!
//! It reads a resource's components, names what drifted, works out what a change touches, and brings
//! AWS to what is wanted: in dependency order, independent branches at once, recording every object
//! as soon as it exists. It works on [`World`], so that its rules are tested without AWS.

pub(crate) mod changes;
pub(crate) mod converge;
pub(crate) mod drift;
pub(crate) mod observe;
pub(crate) mod record;
pub(crate) mod teardown;
#[cfg(test)]
pub(crate) mod testing;
pub(crate) mod world;

pub(crate) use record::{Entry, Record};
pub(crate) use world::{Seen, World};
