//! Leaves out the middle of what is too long for a screen: the beginning says where it began, the end is where it failed.

/// Something that takes a line.
pub(super) struct Line<T> {
    pub(super) content: T,
    pub(super) weight: Weight,
}

/// How much a line says about the cause.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Weight {
    /// It can be left out.
    Plain,
    /// It is kept for as long as there is room: a fault hit, a request failed, a process ended.
    Kept,
}

impl<T> Line<T> {
    pub(super) fn plain(content: T) -> Self {
        Self { content, weight: Weight::Plain }
    }
}

/// At most about `most` lines, in their order; `Err` is the number of lines that are left out at a place.
pub(super) fn folded<T>(lines: Vec<Line<T>>, most: usize) -> Vec<Result<T, usize>> {
    let count = lines.len();
    let (first, last) = (most / 5, most / 3);
    let mut room = most.saturating_sub(first + last);
    // The later of the lines that are kept are nearer to the failure.
    let mut shown: Vec<bool> = lines
        .iter()
        .enumerate()
        .rev()
        .map(|(at, line)| {
            let at_an_end = count <= most || at < first || at >= count - last;
            let kept = !at_an_end && line.weight == Weight::Kept && room > 0;
            room -= usize::from(kept);
            at_an_end || kept
        })
        .collect();
    shown.reverse();
    let mut folded = Vec::new();
    for (line, shown) in lines.into_iter().zip(shown) {
        match folded.last_mut() {
            _ if shown => folded.push(Ok(line.content)),
            Some(Err(left_out)) => *left_out += 1,
            _ => folded.push(Err(1)),
        }
    }
    folded
}
