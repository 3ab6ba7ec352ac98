//! Models of the API: how many tokens fit into their windows, and what tokens cost. The figures are data, the rules are here.

mod cost;

pub use cost::{Amounts, Cost, Kind, rollout};

/// What the window's source is called when the figure is the user's own.
pub const USER: &str = "config.toml";

/// The same, when it is from the table that is built in.
pub const TABLE: &str = "model table";

/// A cache write that lives five minutes costs this many times the input. Source: Anthropic's pricing, as those below.
pub const CACHE_WRITE_5M: f64 = 1.25;
/// A cache write that lives an hour.
pub const CACHE_WRITE_1H: f64 = 2.0;
/// Reading the cache.
pub const CACHE_READ: f64 = 0.1;
/// Tokens of an answer whose inference was kept in the United States cost this many times as much.
pub const INFERENCE_US: f64 = 1.1;
/// US dollars for a thousand searches of the web.
pub const WEB_SEARCH: f64 = 10.0;

/// Prices of tokens in US dollars per million.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Rates {
    /// Uncached input.
    pub input: f64,
    /// Output.
    pub output: f64,
    /// Input read from the cache.
    pub cache_read: f64,
    /// Input written to the cache for five minutes.
    pub cache_write_5m: f64,
    /// Input written to the cache for an hour.
    pub cache_write_1h: f64,
}

impl Rates {
    /// Rates with the usual prices of the cache.
    pub fn new(input: f64, output: f64) -> Self {
        Self {
            input,
            output,
            cache_read: input * CACHE_READ,
            cache_write_5m: input * CACHE_WRITE_5M,
            cache_write_1h: input * CACHE_WRITE_1H,
        }
    }
}

/// What one model costs.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Price {
    /// What tokens cost as a rule.
    pub rates: Rates,
    /// What they cost in the fast mode; `None` when that is not known.
    pub fast: Option<Rates>,
    /// What all tokens of a request cost whose input is larger than this many tokens.
    pub long: Option<(u64, Rates)>,
    /// Factor on tokens whose inference was kept in the United States.
    pub inference_us: f64,
    /// US dollars for a thousand searches of the web.
    pub web_search: f64,
}

impl Price {
    /// A price without exceptions.
    pub fn new(rates: Rates) -> Self {
        Self { rates, fast: None, long: None, inference_us: INFERENCE_US, web_search: WEB_SEARCH }
    }
}

/// A model's window in tokens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Window {
    /// Its size.
    pub size: u64,
    /// Its size where a larger one was asked for, which shows once more is in it than the small one holds.
    pub larger: Option<u64>,
}

/// One row of a table: what is known of the models that its id names.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    /// The model's id, with or without its date; `*` stands for anything.
    pub id: String,
    /// Its window.
    pub window: Option<Window>,
    /// Its price.
    pub price: Option<Price>,
    /// The model whose price it has: gateways and clouds give models names of their own.
    pub price_as: Option<String>,
}

/// Everything known of models: the user's table before the one that is built in.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Models {
    /// The user's own.
    pub user: Vec<Row>,
    /// Built in.
    pub built_in: Vec<Row>,
}

impl Models {
    /// The window of a model and where the figure is from, given the most tokens ever seen in it. `None` when no table names
    /// the model, and when more was seen than fits: then the table is wrong about this session.
    ///
    /// No name is taken for another one here: those of gateways and clouds say nothing about the window they grant.
    pub fn window(&self, model: &str, most_used: u64) -> Option<(u64, &'static str)> {
        let of = |rows| row(rows, model, |row| row.window).map(|window: Window| window);
        let (window, source) = match of(&self.user) {
            Some(window) => (window, USER),
            None => (of(&self.built_in)?, TABLE),
        };
        let sizes = [Some(window.size), window.larger];
        sizes.into_iter().flatten().find(|size| most_used <= *size).map(|size| (size, source))
    }

    /// The price of a model; `None` when it is not known.
    pub fn price(&self, model: &str) -> Option<Price> {
        let of = |model: &str| {
            let own = row(&self.user, model, |row| row.price);
            own.or_else(|| row(&self.built_in, model, |row| row.price))
        };
        let named = row(&self.user, model, |row| row.price.map(Ok).or_else(|| row.price_as.clone().map(Err)));
        match named {
            Some(Ok(price)) => Some(price),
            Some(Err(other)) => of(&other),
            None => of(model),
        }
    }
}

/// What `of` takes from the row that fits best: the one of that very id, the one of the id without its date, the longest
/// pattern.
fn row<T>(rows: &[Row], model: &str, of: impl Fn(&Row) -> Option<T>) -> Option<T> {
    let undated = undated(model);
    let named = |id: &str| rows.iter().filter(|row| row.id == id).find_map(&of);
    named(model).or_else(|| named(undated)).or_else(|| {
        let patterns = rows.iter().filter(|row| row.id.contains('*') && matches(&row.id, model));
        patterns
            .filter_map(|row| of(row).map(|found| (row.id.len(), found)))
            .max_by_key(|(length, _)| *length)
            .map(|one| one.1)
    })
}

/// A model's id without the date at its end: `claude-opus-4-5-20251101` is `claude-opus-4-5`.
pub fn undated(model: &str) -> &str {
    match model.rsplit_once('-') {
        Some((name, date)) if date.len() == 8 && date.bytes().all(|byte| byte.is_ascii_digit()) => name,
        _ => model,
    }
}

/// True if `id` has the pieces of `pattern` between its stars, in their order.
fn matches(pattern: &str, id: &str) -> bool {
    let mut pieces = pattern.split('*');
    let Some(mut rest) = pieces.next().and_then(|first| id.strip_prefix(first)) else { return false };
    let Some(last) = pieces.next_back() else { return rest.is_empty() };
    for piece in pieces {
        let Some(at) = rest.find(piece) else { return false };
        rest = &rest[at + piece.len()..];
    }
    rest.ends_with(last)
}

#[cfg(test)]
mod tests {
    use super::{Models, Price, Rates, Row, TABLE, USER, Window, matches};

    fn row(id: &str) -> Row {
        Row { id: id.to_owned(), window: None, price: None, price_as: None }
    }

    fn window(id: &str, size: u64, larger: Option<u64>) -> Row {
        Row { window: Some(Window { size, larger }), ..row(id) }
    }

    fn price(id: &str, input: f64) -> Row {
        Row { price: Some(Price::new(Rates::new(input, 5.0 * input))), ..row(id) }
    }

    fn built_in(rows: Vec<Row>) -> Models {
        Models { user: Vec::new(), built_in: rows }
    }

    #[test]
    fn a_date_does_not_matter_and_a_newer_model_is_not_an_older_one() {
        let models =
            built_in(vec![window("claude-haiku-4-5", 200_000, None), window("claude-opus-5", 1_000_000, None)]);
        assert_eq!(models.window("claude-haiku-4-5-20251001", 0), Some((200_000, TABLE)));
        assert_eq!(models.window("claude-opus-5", 0), Some((1_000_000, TABLE)));
        assert_eq!(models.window("claude-opus-5-9", 0), None);
    }

    #[test]
    fn no_window_is_guessed_for_names_of_gateways_and_clouds() {
        let models = built_in(vec![window("claude-opus-4-5", 200_000, None)]);
        for name in
            ["us.anthropic.claude-opus-4-5-20251101-v1:0", "claude-opus-4-5@20251101", "anthropic/claude-opus-4-5"]
        {
            assert_eq!(models.window(name, 0), None, "{name}");
            assert_eq!(models.price(name), None, "{name}");
        }
    }

    #[test]
    fn a_larger_window_is_believed_when_it_was_used() {
        let models = built_in(vec![
            window("claude-sonnet-4-6", 200_000, Some(1_000_000)),
            window("claude-sonnet-4-5", 200_000, None),
        ]);
        assert_eq!(models.window("claude-sonnet-4-6", 200_000), Some((200_000, TABLE)));
        assert_eq!(models.window("claude-sonnet-4-6", 200_001), Some((1_000_000, TABLE)));
        assert_eq!(models.window("claude-sonnet-4-6", 1_000_001), None);
        assert_eq!(models.window("claude-sonnet-4-5", 200_001), None);
    }

    #[test]
    fn the_users_table_comes_first_and_each_figure_for_itself() {
        let models = Models {
            user: vec![window("claude-opus-5", 200_000, None), price("claude-opus-5-20260401", 1.0)],
            built_in: vec![Row {
                window: Some(Window { size: 1_000_000, larger: None }),
                ..price("claude-opus-5", 5.0)
            }],
        };
        assert_eq!(models.window("claude-opus-5", 0), Some((200_000, USER)));
        assert_eq!(models.window("claude-opus-5-20260401", 0), Some((200_000, USER)));
        assert_eq!(models.price("claude-opus-5").map(|price| price.rates.input), Some(5.0));
        assert_eq!(models.price("claude-opus-5-20260401").map(|price| price.rates.input), Some(1.0));
    }

    #[test]
    fn a_name_of_a_cloud_has_a_models_price_where_the_user_says_so_and_no_window_by_that() {
        let as_opus = |id: &str| Row { price_as: Some("claude-opus-4-5".to_owned()), ..row(id) };
        let models = Models {
            user: vec![as_opus("us.anthropic.claude-opus-4-5-*"), as_opus("claude-opus-4-5@*")],
            built_in: vec![Row {
                window: Some(Window { size: 200_000, larger: None }),
                ..price("claude-opus-4-5", 5.0)
            }],
        };
        for name in ["us.anthropic.claude-opus-4-5-20251101-v1:0", "claude-opus-4-5@20251101"] {
            assert_eq!(models.price(name).map(|price| price.rates.input), Some(5.0), "{name}");
            assert_eq!(models.window(name, 0), None, "{name}");
        }
        assert_eq!(models.price("eu.anthropic.claude-opus-4-5-20251101-v1:0"), None);
    }

    #[test]
    fn the_longest_pattern_is_the_best() {
        let models = built_in(vec![price("gw/*", 1.0), price("gw/big-*", 9.0), price("gw/big-one", 3.0)]);
        let input = |name: &str| models.price(name).map(|price| price.rates.input);
        assert_eq!((input("gw/small"), input("gw/big-two"), input("gw/big-one")), (Some(1.0), Some(9.0), Some(3.0)));
    }

    #[test]
    fn a_star_stands_for_anything() {
        assert!(matches("a*", "a") && matches("*", "") && matches("a*b*c", "axbyc") && matches("a*a", "aa"));
        assert!(!matches("a*a", "a") && !matches("a*b*c", "acb") && !matches("ab", "abc"));
    }
}
