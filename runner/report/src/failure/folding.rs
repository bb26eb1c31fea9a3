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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_middle_is_left_out_except_for_what_says_much() {
        let kept = [20, 21, 22, 23, 24, 25, 26, 60];
        let line = |number: usize| Line {
            content: number,
            weight: if kept.contains(&number) { Weight::Kept } else { Weight::Plain },
        };
        let expected = [
            Ok(0),
            Ok(1),
            Ok(2),
            Err(17),
            Ok(20),
            Ok(21),
            Ok(22),
            Ok(23),
            Ok(24),
            Ok(25),
            Ok(26),
            Err(33),
            Ok(60),
            Err(34),
            Ok(95),
            Ok(96),
            Ok(97),
            Ok(98),
            Ok(99),
        ];
        assert_eq!(folded((0..100).map(line).collect(), 16), expected);
        assert_eq!(folded((0..16).map(line).collect(), 16), (0..16).map(Ok).collect::<Vec<_>>());
        // Of too many such lines, the later ones are nearer to the failure.
        let all_kept = (0..100).map(|content| Line { content, weight: Weight::Kept });
        let shown: Vec<usize> = folded(all_kept.collect(), 16).into_iter().filter_map(Result::ok).collect();
        assert_eq!(shown, [0, 1, 2, 87, 88, 89, 90, 91, 92, 93, 94, 95, 96, 97, 98, 99]);
    }
}
