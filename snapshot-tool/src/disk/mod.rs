//! Files of the disk: opened by their names, watched for changes, and written beside their
//! destinations. What is in them is the business of others.

pub(crate) mod input;
pub(crate) mod stamp;
pub(crate) mod temporary;
