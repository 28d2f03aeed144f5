//! Sorting in little code: where lists are sorted that few calls look at, the standard library's
//! sort would be some 4 KiB of code for each type.

/// Sorts in place, by heapsort: always in n log n, without memory, and not stable. `is_less` says
/// whether the first comes before the second.
#[inline(never)]
pub fn heap_sort<T>(items: &mut [T], is_less: impl Fn(&T, &T) -> bool) {
    let len = items.len();
    // First the heap is made, from the last parent on; then the greatest goes to the end, again and
    // again.
    for step in (0..len + len / 2).rev() {
        let (mut parent, end) = match step.checked_sub(len) {
            Some(parent) => (parent, len),
            None => {
                items.swap(0, step);
                (0, step)
            }
        };
        loop {
            let mut greatest = parent;
            for child in [2 * parent + 1, 2 * parent + 2] {
                if child < end
                    && let (Some(a), Some(b)) = (items.get(greatest), items.get(child))
                    && is_less(a, b)
                {
                    greatest = child;
                }
            }
            if greatest == parent {
                break;
            }
            items.swap(parent, greatest);
            parent = greatest;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::heap_sort;

    #[test]
    fn it_sorts() {
        let mut state = 1u32;
        for len in (0..40).chain([1000, 4097]) {
            for range in [1, 3, u32::MAX] {
                let mut items: alloc::vec::Vec<u32> = (0..len)
                    .map(|_| {
                        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                        (state >> 8) % range
                    })
                    .collect();
                let mut expected = items.clone();
                expected.sort_unstable();
                heap_sort(&mut items, |a, b| a < b);
                assert_eq!(items, expected);
            }
        }
    }
}
