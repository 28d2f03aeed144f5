//! A newtype for each index space of the specification, so that one cannot be taken for another.

macro_rules! index {
    ($($(#[$doc:meta])* $name:ident)*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
        pub struct $name(
            /// The index as encoded.
            pub u32,
        );

        impl $name {
            /// As an offset into a vector that holds the index space.
            pub fn index(self) -> usize {
                self.0 as usize
            }

            /// The index of the `position`th item of a vector that holds the index space.
            ///
            /// # Panics
            ///
            /// Beyond 2^32 items, which no module can hold.
            pub fn from_index(position: usize) -> Self {
                Self(u32::try_from(position).expect("a module has fewer than 2^32 items"))
            }
        }
    )*};
}

index! {
    /// Index of a type.
    TypeIdx
    /// Index of a function, imported ones first.
    FuncIdx
    /// Index of a memory, imported ones first.
    MemIdx
    /// Index of a global, imported ones first.
    GlobalIdx
    /// Index of a data segment.
    DataIdx
}
