//! The budget of a brief: what it takes, what it tells its reader to read, and what there is room for.

/// A file that a brief tells its reader to read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Load {
    /// Its path, as the brief names it.
    pub path: String,
    /// Line of the brief, from zero.
    pub line: usize,
    /// Tokens of it; `None` when it could not be read.
    pub tokens: Option<usize>,
}

/// What a brief takes of a window, in tokens. All of it is estimated.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Budget {
    /// Of its own text.
    pub text: usize,
    /// Of the files that it tells its reader to read, each once.
    pub loads: Vec<Load>,
    /// What is left of the window of the agent that it is for.
    pub left: Option<u64>,
    /// What its template says that it should take at most.
    pub target: Option<usize>,
}

/// Share of what is left of a window that a brief may take with all that it names: work needs the rest.
pub const SHARE: u64 = 50;

impl Budget {
    /// The brief with everything it names.
    pub fn total(&self) -> usize {
        self.loads.iter().filter_map(|load| load.tokens).fold(self.text, usize::saturating_add)
    }

    /// The most that it may take, when the window is known.
    pub fn most(&self) -> Option<usize> {
        let left = self.left?;
        usize::try_from(left.saturating_mul(SHARE) / 100).ok()
    }

    /// How much it takes too much.
    pub fn over(&self) -> Option<usize> {
        self.total().checked_sub(self.most()?).filter(|over| *over > 0)
    }

    /// The files that take the most, largest first.
    pub fn largest(&self, most: usize) -> Vec<&Load> {
        let mut loads: Vec<&Load> = self.loads.iter().filter(|load| load.tokens.is_some()).collect();
        loads.sort_by_key(|load| std::cmp::Reverse(load.tokens));
        loads.truncate(most);
        loads
    }
}

#[cfg(test)]
mod tests {
    use super::{Budget, Load};

    fn load(path: &str, tokens: Option<usize>) -> Load {
        Load { path: path.to_owned(), line: 0, tokens }
    }

    #[test]
    fn half_of_what_is_left_is_for_the_brief_and_what_it_names() {
        let loads = vec![load("a", Some(300)), load("b", None), load("c", Some(900))];
        let mut budget = Budget { text: 100, loads, left: Some(2_400), target: None };
        assert_eq!((budget.total(), budget.most(), budget.over()), (1_300, Some(1_200), Some(100)));
        assert_eq!(budget.largest(1)[0].path, "c");
        budget.left = None;
        assert_eq!((budget.most(), budget.over()), (None, None));
    }
}
