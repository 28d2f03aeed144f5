//! The utilities of uutils, by name.

use std::ffi::OsString;

macro_rules! utilities {
    ($($library:ident $name:literal)*) => {
        /// The function that is a utility's whole program.
        pub fn find(name: &str) -> Option<fn(Vec<OsString>) -> i32> {
            match name {
                $($name => Some(|arguments| $library::uumain(arguments.into_iter())),)*
                _ => None,
            }
        }
    };
}

utilities! {
    uu_basename "basename"
    uu_cat "cat"
    uu_comm "comm"
    uu_cp "cp"
    uu_cut "cut"
    uu_dirname "dirname"
    uu_echo "echo"
    uu_expand "expand"
    uu_false "false"
    uu_fold "fold"
    uu_head "head"
    uu_join "join"
    uu_ln "ln"
    uu_ls "ls"
    uu_mkdir "mkdir"
    uu_mv "mv"
    uu_paste "paste"
    uu_printf "printf"
    uu_pwd "pwd"
    uu_rm "rm"
    uu_rmdir "rmdir"
    uu_seq "seq"
    uu_sort "sort"
    uu_tail "tail"
    uu_tee "tee"
    uu_tr "tr"
    uu_true "true"
    uu_uniq "uniq"
    uu_wc "wc"
}
