//! Where the data of a sparse member lie in its file: the *map*, in each of the forms that GNU tar
//! has given it (its manual: "Storing Sparse Files").
//!
//! | form | map |
//! |---|---|
//! | old GNU | in the header and further blocks, by offset and length |
//! | 0.0 | pax records `GNU.sparse.offset` and `GNU.sparse.numbytes`, one after another |
//! | 0.1 | the pax record `GNU.sparse.map` |
//! | 1.0 | in front of the data: decimal numbers, each with a line feed, up to the end of a block |

use alloc::vec::Vec;

use wasm_vfs_core::Errno;

use super::header::{self as header, Block, Field};

/// The most runs of data that a map may have: as many as a memory has pages for.
const MAX_RUNS: usize = 1 << 20;

/// A stretch of a file that holds data.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Run {
    pub(super) offset: u64,
    pub(super) len: u64,
}

/// A map.
#[derive(Debug, Default)]
pub(super) struct Map {
    /// Ascending, none empty, none within another.
    pub(super) runs: Vec<Run>,
    /// Where the last entry ends.
    pub(super) end: u64,
    /// How many bytes all runs have.
    pub(super) data: u64,
}

impl Map {
    /// Adds an entry.
    ///
    /// # Errors
    ///
    /// * `EINVAL`: it lies before the last one ends, or beyond every file.
    /// * `E2BIG`: there are too many.
    /// * `ENOMEM`: no memory.
    pub(super) fn add(&mut self, offset: u64, len: u64) -> Result<(), Errno> {
        let end = offset.checked_add(len).ok_or(Errno::EINVAL)?;
        if offset < self.end {
            return Err(Errno::EINVAL);
        }
        self.end = end;
        if len == 0 {
            // It says where the file ends.
            return Ok(());
        }
        if self.runs.len() == MAX_RUNS {
            return Err(Errno::E2BIG);
        }
        self.runs.try_reserve(1)?;
        self.runs.push(Run { offset, len });
        self.data += len;
        Ok(())
    }

    /// Adds the entries of form 0.1: `OFFSET,LENGTH,OFFSET,LENGTH` ...
    ///
    /// # Errors
    ///
    /// As [`add`](Self::add); `EINVAL`: they are damaged.
    pub(super) fn add_listed(&mut self, list: &[u8]) -> Result<(), Errno> {
        let mut numbers = list.split(|byte| *byte == b',');
        while let Some(offset) = numbers.next() {
            let len = numbers.next().ok_or(Errno::EINVAL)?;
            self.add(header::decimal(offset)?, header::decimal(len)?)?;
        }
        Ok(())
    }

    /// Adds `count` entries of the old GNU form, which begin at the byte `at` of a block. The first
    /// without a length ends them.
    ///
    /// # Errors
    ///
    /// As [`add`](Self::add); `EINVAL`: they are damaged.
    pub(super) fn add_fields(
        &mut self,
        block: &Block,
        at: usize,
        count: usize,
    ) -> Result<(), Errno> {
        for entry in 0..count {
            let at = at + entry * 2 * NUMBER_BYTES;
            let len = Field(at + NUMBER_BYTES, NUMBER_BYTES);
            if header::text(block, len).is_empty() && header::number(block, len)? == 0 {
                break;
            }
            let offset = header::size(block, Field(at, NUMBER_BYTES))?;
            self.add(offset, header::size(block, len)?)?;
        }
        Ok(())
    }
}

/// Bytes of a number in the old GNU form.
const NUMBER_BYTES: usize = 12;

/// Reads the map of form 1.0, block by block.
#[derive(Debug, Default)]
pub(super) struct MapText {
    /// The digits that came since the last line feed, if there were any.
    number: Option<u64>,
    /// How many entries are to come, once that has been said.
    left: Option<u64>,
    /// The offset of the entry whose length comes next.
    offset: Option<u64>,
}

impl MapText {
    /// Takes the next block; says whether the map ends with it.
    ///
    /// # Errors
    ///
    /// As [`Map::add`]; `EINVAL`: it is damaged.
    pub(super) fn take(&mut self, block: &Block, map: &mut Map) -> Result<bool, Errno> {
        for byte in block {
            if byte.is_ascii_digit() {
                let number = self.number.unwrap_or(0).checked_mul(10);
                let number = number.and_then(|it| it.checked_add(u64::from(byte - b'0')));
                self.number = Some(number.ok_or(Errno::EINVAL)?);
                continue;
            }
            let number = self.number.take().filter(|_| *byte == b'\n').ok_or(Errno::EINVAL)?;
            let left = match (self.left, self.offset.take()) {
                (None, _) => number,
                (Some(left), None) => {
                    self.offset = Some(number);
                    self.left = Some(left);
                    continue;
                }
                (Some(left), Some(offset)) => {
                    map.add(offset, number)?;
                    left - 1
                }
            };
            if left == 0 {
                return Ok(true);
            }
            self.left = Some(left);
        }
        Ok(false)
    }
}

/// What pax records say of a sparse member.
#[derive(Debug, Default)]
pub(super) struct SparseRecords {
    /// Its name: the header's is for readers that do not know sparse members.
    pub(super) name: Option<Vec<u8>>,
    /// The size of the file.
    pub(super) real_size: Option<u64>,
    /// The version of the form.
    version: [Option<u64>; 2],
    /// The map, if it is among the records.
    map: Map,
    /// The offset of the entry whose length comes next.
    offset: Option<u64>,
}

/// A sparse member.
pub(super) enum Sparse {
    /// The map is here.
    Known(Map),
    /// The map is in front of the data.
    BeforeData,
}

impl SparseRecords {
    /// Takes in a record, whose key begins with `GNU.sparse.`.
    ///
    /// # Errors
    ///
    /// * `EOPNOTSUPP`: nobody has defined such a record.
    /// * As [`Map::add`]; `EINVAL`: it is damaged.
    pub(super) fn record(&mut self, key: &[u8], value: &[u8]) -> Result<(), Errno> {
        match key {
            b"GNU.sparse.name" => {
                let mut name = Vec::new();
                crate::bytes::append(&mut name, value)?;
                self.name = Some(name);
            }
            b"GNU.sparse.map" => self.map.add_listed(value)?,
            _ => {
                let number = header::decimal(value)?;
                match key {
                    b"GNU.sparse.major" => self.version[0] = Some(number),
                    b"GNU.sparse.minor" => self.version[1] = Some(number),
                    b"GNU.sparse.size" | b"GNU.sparse.realsize" => self.real_size = Some(number),
                    b"GNU.sparse.offset" => self.offset = Some(number),
                    b"GNU.sparse.numbytes" => {
                        self.map.add(self.offset.take().ok_or(Errno::EINVAL)?, number)?;
                    }
                    // The map says so itself.
                    b"GNU.sparse.numblocks" => {}
                    _ => return Err(Errno::EOPNOTSUPP),
                }
            }
        }
        Ok(())
    }

    /// The size of the file, and where its map is; `None`: the records speak of no sparse member.
    ///
    /// # Errors
    ///
    /// * `EOPNOTSUPP`: it is of a later version.
    /// * `EINVAL`: its size is missing.
    pub(super) fn of_member(self) -> Result<Option<(u64, Sparse)>, Errno> {
        let sparse = match self.version {
            [None, None] if self.real_size.is_none() => return Ok(None),
            [None | Some(0), _] => Sparse::Known(self.map),
            [Some(1), Some(0)] => Sparse::BeforeData,
            _ => return Err(Errno::EOPNOTSUPP),
        };
        Ok(Some((self.real_size.ok_or(Errno::EINVAL)?, sparse)))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;
    use alloc::string::String;

    /// Reads a map of form 1.0; the blocks that it takes, and its runs.
    fn read(text: &str) -> Result<(usize, Vec<(u64, u64)>), Errno> {
        let (mut reader, mut map) = (MapText::default(), Map::default());
        let mut bytes = text.as_bytes().to_vec();
        bytes.resize(bytes.len().next_multiple_of(512).max(512), 0);
        for (at, block) in bytes.as_chunks::<512>().0.iter().enumerate() {
            if reader.take(block, &mut map)? {
                let runs = map.runs.iter().map(|run| (run.offset, run.len)).collect();
                return Ok((at + 1, runs));
            }
        }
        Err(Errno::ENODATA)
    }

    #[test]
    fn maps_in_front_of_data() {
        assert_eq!(read("0\n"), Ok((1, Vec::new())));
        assert_eq!(read("1\n4096\n0\n"), Ok((1, Vec::new())));
        assert_eq!(
            read("2\n0\n1\n18446744073709551614\n1\n"),
            Ok((1, [(0, 1), (u64::MAX - 1, 1)].into()))
        );
        let long: String = (0..100).map(|at| alloc::format!("{}\n1000\n", at * 5000)).collect();
        let (blocks, runs) = read(&alloc::format!("100\n{long}")).unwrap();
        assert_eq!((blocks, runs.len()), (3, 100));
        for damaged in [
            "",
            "\n",
            "x",
            "1 \n",
            "-1\n",
            "1\n1\n",
            "1\n\n",
            "2\n0\n5\n4\n1\n",
            "2\n9\n0\n8\n1\n",
            "99999999999999999999\n",
            "1\n18446744073709551615\n1\n",
            "1\n5\n\0",
        ] {
            assert_eq!(read(damaged), Err(Errno::EINVAL), "{damaged:?}");
        }
        // A whole block of digits is no number.
        assert_eq!(read(&"0".repeat(512)), Err(Errno::ENODATA));
    }

    #[test]
    fn records_say_what_a_member_is() {
        let of = |records: &[(&str, &str)]| {
            let mut sparse = SparseRecords::default();
            for (key, value) in records {
                sparse.record(alloc::format!("GNU.sparse.{key}").as_bytes(), value.as_bytes())?;
            }
            let of_member = sparse.of_member()?;
            Ok(of_member.map(|(size, sparse)| match sparse {
                Sparse::Known(map) => (size, Some((map.runs.len(), map.data, map.end))),
                Sparse::BeforeData => (size, None),
            }))
        };
        assert_eq!(of(&[("name", "n")]), Ok(None));
        assert_eq!(of(&[("major", "1"), ("minor", "0"), ("realsize", "9")]), Ok(Some((9, None))));
        assert_eq!(
            of(&[("size", "9"), ("numblocks", "2"), ("map", "0,1,5,4")]),
            Ok(Some((9, Some((2, 5, 9)))))
        );
        assert_eq!(
            of(&[
                ("size", "9"),
                ("offset", "3"),
                ("numbytes", "2"),
                ("offset", "9"),
                ("numbytes", "0")
            ]),
            Ok(Some((9, Some((1, 2, 9)))))
        );
        for damaged in [
            &[("map", "0,1,5")][..],
            &[("map", "")],
            &[("numbytes", "1")],
            &[("major", "x")],
            &[("major", "1"), ("minor", "0")],
        ] {
            assert_eq!(of(damaged), Err(Errno::EINVAL), "{damaged:?}");
        }
        assert_eq!(of(&[("major", "2"), ("realsize", "1")]), Err(Errno::EOPNOTSUPP));
        assert_eq!(of(&[("other", "1")]), Err(Errno::EOPNOTSUPP));
    }
}
