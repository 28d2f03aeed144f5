//! The preview1 error numbers that the tests expect, and the types of files.

pub const BADF: u16 = 8;
pub const EXIST: u16 = 20;
pub const FAULT: u16 = 21;
pub const ILSEQ: u16 = 25;
pub const INVAL: u16 = 28;
pub const ISDIR: u16 = 31;
pub const LOOP: u16 = 32;
pub const NAMETOOLONG: u16 = 37;
pub const NOENT: u16 = 44;
pub const NOTDIR: u16 = 54;
pub const NOTEMPTY: u16 = 55;
pub const NOTSOCK: u16 = 57;
pub const PERM: u16 = 63;
pub const NOTCAPABLE: u16 = 76;

pub const DIRECTORY: u8 = 3;
pub const REGULAR_FILE: u8 = 4;
