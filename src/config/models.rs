//! Windows and prices of models: the table that is built in, and `[models]` of `config.toml` before it.

use std::path::Path;

use toml::de::{DeTable, DeValue};

use super::document::{Checker, Section, read};
use super::paths::Paths;
use super::problem::{Problem, unknown};
use crate::domain::model::{CACHE_READ, CACHE_WRITE_1H, CACHE_WRITE_5M, Models, Price, Rates, Row, Window};

/// The table that is part of the program.
const BUILT_IN: &str = include_str!("../../models/models.toml");

/// No price is higher, in US dollars per million tokens or thousand searches.
const DEAREST: f64 = 1e6;

/// No window is larger, in tokens.
const LARGEST: u64 = 1 << 32;

const RATES: [&str; 5] = ["input", "output", "cache_read", "cache_write_5m", "cache_write_1h"];

/// The table that is built in, alone.
pub fn built_in() -> Models {
    let (mut checker, document) = Checker::open(BUILT_IN, Path::new("models/models.toml"));
    Models { user: Vec::new(), built_in: rows(&mut checker, &document) }
}

/// The user's table before the one that is built in. A file with a mistake in its table changes nothing, and the problems say
/// why; what is wrong elsewhere in the file is not said here.
pub fn load(paths: &Paths) -> (Models, Vec<Problem>) {
    let file = paths.config.join("config.toml");
    match read(&file) {
        Ok(None) => (built_in(), Vec::new()),
        Ok(Some(text)) => match overrides(&text, &file) {
            (user, problems) if problems.is_empty() => (Models { user, ..built_in() }, problems),
            (_, problems) => (built_in(), problems),
        },
        Err(problem) => (built_in(), vec![problem]),
    }
}

/// Reads `[models]`: what is right is returned beside everything that is wrong.
pub fn overrides(text: &str, file: &Path) -> (Vec<Row>, Vec<Problem>) {
    let (mut checker, document) = Checker::open(text, file);
    let Some(section) = checker.section(&document, "models") else { return (Vec::new(), checker.finish()) };
    let found = rows(&mut checker, section.table);
    let models = Models { user: found, ..built_in() };
    let priced: Vec<&str> = [&models.user, &models.built_in]
        .into_iter()
        .flatten()
        .filter(|row| row.price.is_some())
        .map(|row| row.id.as_str())
        .collect();
    for row in &models.user {
        let Some(other) = row.price_as.as_deref().filter(|other| !priced.contains(other)) else { continue };
        let table = section.table.get(row.id.as_str()).map(toml::Spanned::get_ref);
        let Some(DeValue::Table(table)) = table else { continue };
        let Some(value) = table.get("price_as") else { continue };
        checker.complain(&value.span(), format!("{} (with a price)", unknown("model", other, &priced)));
    }
    (models.user, checker.finish())
}

fn rows(checker: &mut Checker, table: &DeTable) -> Vec<Row> {
    let mut rows = Vec::new();
    for key in table.keys() {
        let id: &str = key.get_ref();
        if let Some(section) = checker.section(table, id) {
            rows.push(row(checker, &section, id));
        }
    }
    rows
}

fn row(checker: &mut Checker, section: &Section, id: &str) -> Row {
    let table = section.table;
    let place = format!("[models.{id:?}]");
    let mut known = RATES.to_vec();
    known.extend(["window", "larger_window", "fast", "long", "inference_us", "web_search", "price_as"]);
    checker.only(table, &place, &known);
    if table.is_empty() {
        checker.complain(&section.span, format!("{place} says nothing: give it a window, or input and output"));
    }
    let window = tokens(checker, table, "window");
    let larger = tokens(checker, table, "larger_window");
    if let (Some(value), Some(larger)) = (table.get("larger_window"), larger)
        && window.is_none_or(|window| window >= larger)
    {
        checker.complain(&value.span(), "\"larger_window\" must be larger than \"window\"");
    }
    let price_as = checker.text(table, "price_as");
    let price = price(checker, section, &place);
    if let (Some(other), true) = (&price_as, table.get("input").is_some()) {
        checker.complain(&other.span, "a model has prices of its own or those of another one, not both");
    }
    Row {
        id: id.to_owned(),
        window: window.map(|size| Window { size, larger }),
        price,
        price_as: price_as.map(|other| other.value),
    }
}

fn price(checker: &mut Checker, section: &Section, place: &str) -> Option<Price> {
    let table = section.table;
    let first = rates(checker, section, place);
    let fast = checker.section(table, "fast").and_then(|fast| {
        checker.only(fast.table, &format!("fast of {place}"), &RATES);
        required(checker, &fast, "fast")
    });
    let long = checker.section(table, "long").and_then(|long| {
        let known: Vec<&str> = std::iter::once("above").chain(RATES).collect();
        checker.only(long.table, &format!("long of {place}"), &known);
        checker.require(&long, "long", "above");
        let rates = required(checker, &long, "long");
        tokens(checker, long.table, "above").zip(rates)
    });
    let inference_us = amount(checker, table, "inference_us");
    let web_search = amount(checker, table, "web_search");
    let rates = first?;
    let usual = Price::new(rates);
    Some(Price {
        rates,
        fast,
        long,
        inference_us: inference_us.unwrap_or(usual.inference_us),
        web_search: web_search.unwrap_or(usual.web_search),
    })
}

/// Rates that need not be there, but are there as a whole.
fn rates(checker: &mut Checker, section: &Section, place: &str) -> Option<Rates> {
    let priced = ["fast", "long", "inference_us", "web_search"];
    let any = RATES.iter().chain(&priced).any(|key| section.table.get(*key).is_some());
    if any { required(checker, section, place) } else { None }
}

/// What is not said of the cache follows from the input.
fn required(checker: &mut Checker, section: &Section, place: &str) -> Option<Rates> {
    let table = section.table;
    checker.require(section, place, "input");
    checker.require(section, place, "output");
    let [input, output, cache_read, cache_write_5m, cache_write_1h] = RATES.map(|key| amount(checker, table, key));
    let input = input?;
    Some(Rates {
        input,
        output: output?,
        cache_read: cache_read.unwrap_or(input * CACHE_READ),
        cache_write_5m: cache_write_5m.unwrap_or(input * CACHE_WRITE_5M),
        cache_write_1h: cache_write_1h.unwrap_or(input * CACHE_WRITE_1H),
    })
}

/// A number that is not negative.
fn amount(checker: &mut Checker, table: &DeTable, key: &str) -> Option<f64> {
    let value = table.get(key)?;
    let number = match value.get_ref() {
        DeValue::Float(float) => float.as_str().parse().ok(),
        DeValue::Integer(integer) if integer.radix() == 10 => integer.as_str().parse().ok(),
        DeValue::Integer(_) => None,
        other => {
            checker.wrong_type(key, &value.span(), "a number", other);
            return None;
        }
    };
    let number = number.filter(|number| (0.0..=DEAREST).contains(number));
    if number.is_none() {
        checker.complain(&value.span(), format!("{key:?} must be a number from 0 to {DEAREST}"));
    }
    number
}

/// A number of tokens.
fn tokens(checker: &mut Checker, table: &DeTable, key: &str) -> Option<u64> {
    let value = table.get(key)?;
    let DeValue::Integer(integer) = value.get_ref() else {
        checker.wrong_type(key, &value.span(), "a whole number of tokens", value.get_ref());
        return None;
    };
    let number = u64::from_str_radix(integer.as_str(), integer.radix()).ok();
    let number = number.filter(|number| (1..=LARGEST).contains(number));
    if number.is_none() {
        checker.complain(&value.span(), format!("{key:?} must be a number of tokens from 1 to {LARGEST}"));
    }
    number
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::{BUILT_IN, built_in, load, overrides, rows};
    use crate::config::document::Checker;
    use crate::config::paths::Paths;
    use crate::domain::model::Rates;

    #[test]
    fn the_table_that_is_built_in_reads_cleanly() {
        let (mut checker, document) = Checker::open(BUILT_IN, Path::new("models.toml"));
        assert!(!rows(&mut checker, &document).is_empty());
        assert_eq!(checker.finish(), []);
    }

    #[test]
    fn the_prices_that_are_built_in_are_those_that_were_published() {
        let models = built_in();
        for (model, input, output) in [
            ("claude-fable-5", 10.0, 50.0),
            ("claude-opus-5", 5.0, 25.0),
            ("claude-opus-4-5-20251101", 5.0, 25.0),
            ("claude-opus-4-1-20250805", 15.0, 75.0),
            ("claude-opus-4-20250514", 15.0, 75.0),
            ("claude-sonnet-5", 2.0, 10.0),
            ("claude-sonnet-4-6", 3.0, 15.0),
            ("claude-haiku-4-5-20251001", 1.0, 5.0),
            ("claude-3-5-haiku-20241022", 0.8, 4.0),
        ] {
            assert_eq!(models.price(model).map(|price| price.rates), Some(Rates::new(input, output)), "{model}");
        }
        let fast = models.price("claude-opus-4-8").and_then(|price| price.fast);
        assert_eq!(fast, Some(Rates::new(10.0, 50.0)));
        let long = models.price("claude-sonnet-4-5-20250929").and_then(|price| price.long);
        assert_eq!(long, Some((200_000, Rates::new(6.0, 22.5))));
        assert_eq!(models.price("gpt-5.5"), None);
        assert_eq!(models.price("claude-mythos-5"), None);
    }

    #[test]
    fn the_users_figures_are_read() {
        let text = "[models.\"claude-opus-5\"]\nwindow = 200_000\ninput = 5.5\noutput = 20\ncache_read = 0.25\n\
                    [models.\"gw/*\"]\nprice_as = \"claude-opus-5\"\n";
        let (rows, problems) = overrides(text, Path::new("c.toml"));
        assert_eq!(problems, []);
        let opus = rows.iter().find(|row| row.id == "claude-opus-5").unwrap();
        assert_eq!(opus.window.map(|window| window.size), Some(200_000));
        let rates = opus.price.unwrap().rates;
        assert_eq!(rates, Rates { cache_read: 0.25, ..Rates::new(5.5, 20.0) });
    }

    #[test]
    fn all_that_is_wrong_is_said_at_once_with_its_place() {
        let text = "[models.a]\nwindwo = 1\n\n[models.b]\ninput = -1\noutput = \"x\"\n\n[models.c]\ninput = 1\n\n[models.d]\nprice_as = \"claude-opos-5\"\n\n[models.e]\n\n[models.f]\nwindow = 0\nlarger_window = 2\nlong = { input = 1, output = 1 }\n\n[models]\ng = 3\n";
        let (_, problems) = overrides(text, Path::new("c.toml"));
        let said: Vec<String> = problems.iter().map(ToString::to_string).collect();
        for wanted in [
            "c.toml:2:1: unknown key \"windwo\"; did you mean \"window\"? (in [models.\"a\"])",
            "c.toml:5:9: \"input\" must be a number from 0 to 1000000",
            "c.toml:6:10: \"output\" must be a number, not a string",
            "c.toml:8:1: [models.\"c\"] needs a \"output\"",
            "c.toml:12:12: unknown model \"claude-opos-5\"; did you mean \"claude-opus-5\"? (with a price)",
            "c.toml:17:10: \"window\" must be a number of tokens from 1 to 4294967296",
            "c.toml:19:8: long needs a \"above\"",
        ] {
            assert!(said.iter().any(|line| line == wanted), "{wanted}\n{said:#?}");
        }
    }

    #[test]
    fn a_table_with_a_mistake_changes_nothing_and_other_tables_are_not_its_concern() {
        let folder = tempfile::tempdir().unwrap();
        let config = folder.path().as_os_str().to_owned();
        let paths = Paths::from_vars(|name| (name == "XDG_CONFIG_HOME").then(|| config.clone()));
        assert_eq!(load(&paths), (built_in(), Vec::new()));
        std::fs::create_dir_all(&paths.config).unwrap();
        let file = paths.config.join("config.toml");
        std::fs::write(&file, "[keys]\nf5 = 7\n[models.x]\nwindow = 1\n").unwrap();
        let (models, problems) = load(&paths);
        assert_eq!((models.user.len(), problems.len()), (1, 0));
        std::fs::write(&file, "[models.x]\nwindow = 1\n[models.y]\nwindow = true\n").unwrap();
        let (models, problems) = load(&paths);
        assert_eq!((models.user.len(), problems.len()), (0, 1));
    }
}
