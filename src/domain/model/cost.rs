//! What tokens cost: amounts times rates, and what remains unknown.

use super::{Price, Rates};

/// Tokens and searches of one kind.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Amounts {
    /// Uncached input.
    pub input: u64,
    /// Input written to the cache for five minutes.
    pub cache_write_5m: u64,
    /// Input written to the cache for an hour.
    pub cache_write_1h: u64,
    /// Input read from the cache.
    pub cache_read: u64,
    /// Output.
    pub output: u64,
    /// Searches of the web that the API ran.
    pub web_searches: u64,
}

impl Amounts {
    /// All tokens of the input: what a window or a limit is held against.
    pub fn all_input(&self) -> u64 {
        self.input + self.cache_write_5m + self.cache_write_1h + self.cache_read
    }

    /// True when there is nothing to pay.
    pub fn is_nothing(&self) -> bool {
        *self == Self::default()
    }

    /// Adds others to these.
    pub fn add(&mut self, more: &Self) {
        self.input += more.input;
        self.cache_write_5m += more.cache_write_5m;
        self.cache_write_1h += more.cache_write_1h;
        self.cache_read += more.cache_read;
        self.output += more.output;
        self.web_searches += more.web_searches;
    }
}

/// How an answer was given, as far as its price depends on it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Kind {
    /// In the fast mode.
    pub fast: bool,
    /// With inference kept in the United States.
    pub us: bool,
}

impl Rates {
    /// The price of tokens in US dollars; searches are not in it.
    pub fn of(&self, amounts: &Amounts) -> f64 {
        let parts = [
            (amounts.input, self.input),
            (amounts.cache_write_5m, self.cache_write_5m),
            (amounts.cache_write_1h, self.cache_write_1h),
            (amounts.cache_read, self.cache_read),
            (amounts.output, self.output),
        ];
        parts.into_iter().map(|(tokens, rate)| tokens as f64 * rate).sum::<f64>() / 1e6
    }
}

impl Price {
    /// True when a request of this size has a price of its own.
    pub fn is_long(&self, amounts: &Amounts) -> bool {
        self.long.is_some_and(|(above, _)| amounts.all_input() > above)
    }

    /// What answers of one kind cost in US dollars, all of them long or none; `None` when the price of that kind is not known.
    pub fn of(&self, kind: Kind, long: bool, amounts: &Amounts) -> Option<f64> {
        let rates = match (kind.fast, self.long.filter(|_| long)) {
            (true, _) => self.fast?,
            (false, Some((_, long))) => long,
            (false, None) => self.rates,
        };
        let factor = if kind.us { self.inference_us } else { 1.0 };
        Some(rates.of(amounts) * factor + amounts.web_searches as f64 / 1e3 * self.web_search)
    }
}

/// The cost of a Codex rollout in US dollars. Its input includes what was cached, its output includes reasoning.
pub fn rollout(rates: &Rates, input: u64, cached: u64, output: u64) -> f64 {
    let cached = cached.min(input);
    rates.of(&Amounts { input: input - cached, cache_read: cached, output, ..Amounts::default() })
}

/// What answers cost, as far as it is known.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Cost {
    /// US dollars for the part whose prices are known: all of it, or a lower bound.
    pub known_usd: f64,
    /// Models of the other part, sorted; `MODEL (fast)` when only the price of its fast mode is missing.
    pub unpriced: Vec<String>,
}

impl Cost {
    /// US dollars, when the price of every part is known.
    pub fn usd(&self) -> Option<f64> {
        self.unpriced.is_empty().then_some(self.known_usd)
    }

    /// In a few characters: `$1.20`, `≥ $1.20` when a part is unpriced, `unpriced` when all of it is, or next to all.
    pub fn short(&self) -> String {
        let is_cent = self.known_usd >= 0.005;
        match self.unpriced.is_empty() {
            true if self.known_usd > 0.0 && !is_cent => "<$0.01".to_owned(),
            true => format!("${:.2}", self.known_usd),
            false if is_cent => format!("≥ ${:.2}", self.known_usd),
            false => "unpriced".to_owned(),
        }
    }

    /// In a sentence: the figure, and which models it leaves out.
    pub fn long(&self) -> String {
        match self.unpriced.as_slice() {
            [] => self.short(),
            models if self.known_usd >= 0.005 => format!("{}, without {} (unpriced)", self.short(), models.join(", ")),
            models => format!("unpriced: {}", models.join(", ")),
        }
    }

    /// Adds another cost to this one.
    pub fn add(&mut self, more: &Self) {
        self.known_usd += more.known_usd;
        for model in &more.unpriced {
            if let Err(at) = self.unpriced.binary_search(model) {
                self.unpriced.insert(at, model.clone());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Amounts, Cost, Kind, rollout};
    use crate::domain::model::{Price, Rates};

    fn is(found: f64, wanted: f64) -> bool {
        (found - wanted).abs() <= wanted.abs() * 1e-9
    }

    const MILLION: Amounts = Amounts {
        input: 1_000_000,
        cache_write_5m: 1_000_000,
        cache_write_1h: 1_000_000,
        cache_read: 1_000_000,
        output: 1_000_000,
        web_searches: 0,
    };

    #[test]
    fn each_kind_of_token_has_its_price() {
        // 3 + 3.75 + 6 + 0.30 + 15
        assert!(is(Rates::new(3.0, 15.0).of(&MILLION), 28.05));
    }

    #[test]
    fn fast_answers_cost_what_the_fast_mode_costs_and_nothing_is_made_up_where_that_is_not_known() {
        let mut price = Price::new(Rates::new(5.0, 25.0));
        let fast = Kind { fast: true, us: false };
        assert_eq!(price.of(fast, false, &MILLION), None);
        price.fast = Some(Rates::new(10.0, 50.0));
        assert!(is(price.of(fast, false, &MILLION).unwrap(), 10.0 + 12.5 + 20.0 + 1.0 + 50.0));
    }

    #[test]
    fn inference_in_the_united_states_costs_a_tenth_more_and_searches_do_not() {
        let price = Price::new(Rates::new(5.0, 25.0));
        let amounts = Amounts { input: 1_000_000, web_searches: 3, ..Amounts::default() };
        let us = Kind { fast: false, us: true };
        assert!(is(price.of(us, false, &amounts).unwrap(), 5.5 + 0.03));
        assert!(is(price.of(Kind::default(), false, &amounts).unwrap(), 5.0 + 0.03));
    }

    #[test]
    fn a_long_request_costs_more_as_a_whole() {
        let mut price = Price::new(Rates::new(3.0, 15.0));
        price.long = Some((200_000, Rates::new(6.0, 22.5)));
        let mut amounts = Amounts { input: 10, cache_read: 199_990, output: 1_000, ..Amounts::default() };
        assert!(!price.is_long(&amounts));
        amounts.cache_write_1h = 1;
        assert!(price.is_long(&amounts));
        let wanted = (10.0 * 6.0 + 199_990.0 * 0.6 + 12.0 + 1_000.0 * 22.5) / 1e6;
        assert!(is(price.of(Kind::default(), true, &amounts).unwrap(), wanted));
    }

    #[test]
    fn of_a_rollout_the_cached_input_is_part_of_the_input() {
        let rates = Rates::new(2.0, 8.0);
        assert!(is(rollout(&rates, 1_000_000, 400_000, 100_000), 0.6 * 2.0 + 0.4 * 0.2 + 0.1 * 8.0));
        assert!(is(rollout(&rates, 10, 400_000, 0), 10.0 * 0.2 / 1e6));
    }

    #[test]
    fn a_cost_that_is_not_whole_says_so() {
        let cost = |known_usd, models: &[&str]| Cost {
            known_usd,
            unpriced: models.iter().map(|model| (*model).to_owned()).collect(),
        };
        assert_eq!(cost(1.2, &[]).short(), "$1.20");
        assert_eq!(cost(0.0, &[]).short(), "$0.00");
        assert_eq!(cost(0.001, &[]).short(), "<$0.01");
        assert_eq!(cost(1.2, &["x"]).short(), "≥ $1.20");
        assert_eq!((cost(0.0, &["x"]).short(), cost(0.001, &["x"]).short()), ("unpriced".into(), "unpriced".into()));
        assert_eq!((cost(1.2, &["x"]).usd(), cost(1.2, &[]).usd()), (None, Some(1.2)));
        assert_eq!(cost(1.2, &["x", "y"]).long(), "≥ $1.20, without x, y (unpriced)");
        let mut sum = cost(1.0, &["b"]);
        sum.add(&cost(0.5, &["a", "b"]));
        assert_eq!(sum, cost(1.5, &["a", "b"]));
    }
}
