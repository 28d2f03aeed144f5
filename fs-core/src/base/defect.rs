//! What only a defect of this crate can bring about.
//!
//! Tables refer to each other by number, so code has to say what it does if nothing is there.
//! Nothing a caller passes leads to that. In debug builds it panics and names the place; in a
//! release it is `EIO`, or a value that does no harm, because a guest must not bring its embedder
//! down, whatever is wrong here.
//!
//! An `EIO` of another origin (an unreadable file, memory behind the end of a file) does not come
//! from here.

use crate::base::errno::Errno;

/// The answer of a call that met a defect.
#[inline(always)]
#[track_caller]
pub(crate) fn defect() -> Errno {
    debug_assert!(false, "a defect of wasm-vfs-core");
    Errno::EIO
}

/// Taking what is there unless this crate has a defect.
pub(crate) trait OrDefect<T> {
    /// What is there.
    ///
    /// # Errors
    ///
    /// `EIO`: nothing is, which is a [`defect`].
    fn or_defect(self) -> Result<T, Errno>;

    /// What is there, or after a [`defect`] `instead`.
    fn or_after_defect(self, instead: T) -> T;
}

impl<T> OrDefect<T> for Option<T> {
    #[inline(always)]
    #[track_caller]
    fn or_defect(self) -> Result<T, Errno> {
        match self {
            Some(value) => Ok(value),
            None => Err(defect()),
        }
    }

    #[inline(always)]
    #[track_caller]
    fn or_after_defect(self, instead: T) -> T {
        match self {
            Some(value) => value,
            None => {
                defect();
                instead
            }
        }
    }
}

impl<T, E> OrDefect<T> for Result<T, E> {
    #[inline(always)]
    #[track_caller]
    fn or_defect(self) -> Result<T, Errno> {
        self.ok().or_defect()
    }

    #[inline(always)]
    #[track_caller]
    fn or_after_defect(self, instead: T) -> T {
        self.ok().or_after_defect(instead)
    }
}

#[cfg(test)]
mod tests {
    use super::OrDefect;
    use crate::base::errno::Errno;

    #[test]
    fn what_is_there_is_taken() {
        assert_eq!(Some(7).or_defect(), Ok(7));
        assert_eq!(Ok::<_, ()>(7).or_after_defect(0), 7);
    }

    #[test]
    #[cfg_attr(debug_assertions, should_panic(expected = "a defect of wasm-vfs-core"))]
    fn a_defect_shows_in_debug_builds_and_is_an_error_in_others() {
        assert_eq!(None::<u8>.or_defect(), Err(Errno::EIO));
    }

    #[test]
    #[cfg_attr(debug_assertions, should_panic(expected = "a defect of wasm-vfs-core"))]
    fn a_default_after_a_defect_is_not_taken_in_silence() {
        assert_eq!(u8::try_from(300).or_after_defect(1), 1);
    }
}
