//! A kind as its server prints it: the `Table` of meta.k8s.io/v1, which is what `kubectl get` shows.
//!
//! <https://kubernetes.io/docs/reference/using-api/api-concepts/#receiving-resources-as-tables>

use std::cmp::Ordering;
use std::net::{IpAddr, SocketAddr};

use serde_json::Value;

/// What to ask for in `Accept`: a table, or a plain list of servers that make none.
pub const ACCEPT: &str = "application/json;as=Table;v=v1;g=meta.k8s.io,application/json";

/// Cells that say nothing, as servers print them.
const NOTHING: [&str; 4] = ["", "<none>", "<unknown>", "<no value>"];

/// One page of a kind as its server prints it.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Table {
    /// The columns, left to right. Empty for a server that answers with a plain list.
    pub columns: Vec<Column>,
    /// One row for each object.
    pub rows: Vec<TableRow>,
    /// Where the next page begins, when there is one.
    pub next: Option<String>,
}

/// One column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Column {
    /// Its head: `Status`.
    pub name: String,
    /// What its cells hold.
    pub holds: Holds,
    /// It is shown only where there is room to spare (a priority above zero).
    pub wide: bool,
}

/// What the cells of a column hold, as far as it matters for their order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Holds {
    /// The name of the object.
    Name,
    /// Numbers.
    Number,
    /// Moments, printed as the time since then: `3d4h`.
    Age,
    /// Anything else.
    Text,
}

/// One row.
#[derive(Debug, Clone, PartialEq)]
pub struct TableRow {
    /// The cells as text, one for each column.
    pub cells: Vec<String>,
    /// The object, or its metadata, or null: as it was asked for.
    pub object: Value,
}

impl Table {
    /// Reads an answer: a `Table`, or the plain list that servers answer with which make none. The error says what it is
    /// instead.
    pub fn read(mut answer: Value) -> Result<Self, String> {
        let next = answer["metadata"]["continue"].as_str().filter(|token| !token.is_empty()).map(str::to_owned);
        if answer["kind"] == "Table" {
            let columns: Vec<Column> = list(&mut answer, "columnDefinitions").iter().map(column).collect();
            let rows = list(&mut answer, "rows").into_iter().map(|row| self::row(row, columns.len())).collect();
            return Ok(Self { columns, rows, next });
        }
        let Some(Value::Array(items)) = answer.get_mut("items").map(Value::take) else {
            return Err(format!("the answer is a {}, and no table", answer["kind"].as_str().unwrap_or("text")));
        };
        let rows = items.into_iter().map(|object| TableRow { cells: Vec::new(), object }).collect();
        Ok(Self { columns: Vec::new(), rows, next })
    }

    /// The number of the column of this name, whatever its case.
    pub fn column(&self, name: &str) -> Option<usize> {
        self.columns.iter().position(|column| column.name.eq_ignore_ascii_case(name))
    }
}

fn list(answer: &mut Value, field: &str) -> Vec<Value> {
    match answer.get_mut(field).map(Value::take) {
        Some(Value::Array(values)) => values,
        _ => Vec::new(),
    }
}

fn column(definition: &Value) -> Column {
    let text = |field: &str| definition[field].as_str().unwrap_or_default();
    let holds = match (text("type"), text("format")) {
        // A kind may call a column of its own `Name`; only the server's has the format.
        (_, "name") => Holds::Name,
        ("integer" | "number", _) => Holds::Number,
        ("date", _) => Holds::Age,
        // Built-in kinds print their age as a string.
        _ if text("name").eq_ignore_ascii_case("age") => Holds::Age,
        _ => Holds::Text,
    };
    Column { name: text("name").to_owned(), holds, wide: definition["priority"].as_i64().unwrap_or(0) > 0 }
}

fn row(mut row: Value, columns: usize) -> TableRow {
    let object = row.get_mut("object").map(Value::take).unwrap_or_default();
    let mut cells: Vec<String> = list(&mut row, "cells").into_iter().map(cell).collect();
    cells.resize(columns, String::new());
    TableRow { cells, object }
}

fn cell(value: Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text,
        Value::Array(values) => values.into_iter().map(cell).collect::<Vec<_>>().join(","),
        other => other.to_string(),
    }
}

/// True for a cell that says nothing.
pub fn is_nothing(cell: &str) -> bool {
    NOTHING.contains(&cell.trim())
}

/// The order of two cells of a column: numbers by what they are, then addresses, then text; those that say nothing come last.
pub fn compare(holds: Holds, a: &str, b: &str) -> Ordering {
    meaning(holds, a).cmp(&meaning(holds, b)).then_with(|| a.to_lowercase().cmp(&b.to_lowercase()))
}

/// What a cell means. Each by itself, whatever it is compared with: only so there is one order of all.
#[derive(Debug)]
enum Meaning {
    Number(f64),
    /// The family, the address, and its length as a network.
    Address(u8, u128, u8),
    Text,
    Nothing,
}

impl Meaning {
    fn rank(&self) -> (u8, u8, u128, u8) {
        match *self {
            Self::Number(_) => (0, 0, 0, 0),
            Self::Address(family, address, length) => (1, family, address, length),
            Self::Text => (2, 0, 0, 0),
            Self::Nothing => (3, 0, 0, 0),
        }
    }

    fn cmp(&self, other: &Self) -> Ordering {
        match (self, other) {
            (Self::Number(a), Self::Number(b)) => a.total_cmp(b),
            (a, b) => a.rank().cmp(&b.rank()),
        }
    }
}

fn meaning(holds: Holds, cell: &str) -> Meaning {
    let cell = cell.trim();
    if is_nothing(cell) {
        return Meaning::Nothing;
    }
    let number = match holds {
        Holds::Age => seconds(cell).map(|seconds| seconds as f64),
        Holds::Number => leading_number(cell),
        // `5m` is minutes: of what is printed as text, times are more frequent than thousandths.
        Holds::Text => seconds(cell).map(|seconds| seconds as f64).or_else(|| amount(cell)),
        Holds::Name => None,
    };
    match (number, holds) {
        (Some(number), _) => Meaning::Number(number),
        (None, Holds::Text) => address(cell).unwrap_or(Meaning::Text),
        (None, _) => Meaning::Text,
    }
}

/// The first of the addresses, networks or endpoints that a cell lists.
fn address(cell: &str) -> Option<Meaning> {
    let first = cell.split([',', ' ']).next()?;
    let (first, length) = match first.split_once('/') {
        Some((address, length)) => (address, length.parse().ok()?),
        None => (first, 0),
    };
    let address = first.parse().ok().or_else(|| first.parse().ok().map(|endpoint: SocketAddr| endpoint.ip()))?;
    Some(match address {
        IpAddr::V4(address) => Meaning::Address(4, u32::from(address).into(), length),
        IpAddr::V6(address) => Meaning::Address(6, address.into(), length),
    })
}

/// A number, an amount with a suffix of Kubernetes (`10Gi`), or the number that a text begins with: `2/3`, `10 (5m ago)`.
fn amount(cell: &str) -> Option<f64> {
    const SUFFIXES: [(&str, f64); 12] = [
        ("Ki", 1024.0),
        ("Mi", 1_048_576.0),
        ("Gi", 1_073_741_824.0),
        ("Ti", 1_099_511_627_776.0),
        ("Pi", 1_125_899_906_842_624.0),
        ("Ei", 1_152_921_504_606_846_976.0),
        ("k", 1e3),
        ("M", 1e6),
        ("G", 1e9),
        ("T", 1e12),
        ("P", 1e15),
        ("E", 1e18),
    ];
    let suffixed = SUFFIXES.iter().find_map(|(suffix, factor)| {
        let number: f64 = cell.strip_suffix(suffix)?.parse().ok()?;
        Some(number * factor)
    });
    suffixed.or_else(|| leading_number(cell))
}

fn leading_number(cell: &str) -> Option<f64> {
    let end = cell.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(cell.len());
    // An address or a version begins with more than a number, and so does a network.
    if cell[end..].starts_with(|c: char| c.is_alphabetic() || c == ':') || cell[..end].matches('.').count() > 1 {
        return None;
    }
    cell[..end].parse().ok()
}

/// Seconds of a time as servers print it: `45s`, `3m20s`, `2d5h`, `1y30d`.
pub fn seconds(cell: &str) -> Option<u64> {
    let mut rest = cell.trim();
    let mut sum: u64 = 0;
    while !rest.is_empty() {
        let end = rest.find(|c: char| !c.is_ascii_digit())?;
        let count: u64 = rest[..end].parse().ok()?;
        let unit = match rest.as_bytes().get(end)? {
            b's' => 1,
            b'm' => 60,
            b'h' => 60 * 60,
            b'd' => 24 * 60 * 60,
            b'y' => 365 * 24 * 60 * 60,
            _ => return None,
        };
        sum = sum.checked_add(count.checked_mul(unit)?)?;
        rest = &rest[end + 1..];
    }
    (!cell.trim().is_empty()).then_some(sum)
}

#[cfg(test)]
mod tests {
    use std::cmp::Ordering;

    use proptest::prelude::*;
    use serde_json::json;

    use super::{Holds, Table, compare, is_nothing};

    #[test]
    fn a_table_is_read_as_the_server_prints_it() {
        let table = Table::read(json!({
            "kind": "Table", "metadata": { "continue": "more" },
            "columnDefinitions": [
                { "name": "Name", "type": "string", "format": "name", "priority": 0 },
                { "name": "Restarts", "type": "integer", "format": "", "priority": 0 },
                { "name": "Age", "type": "string", "format": "", "priority": 0 },
                { "name": "IP", "type": "string", "format": "", "priority": 1 },
            ],
            "rows": [{ "cells": ["a", 3, "5m", null], "object": { "metadata": { "name": "a" } } }, { "cells": ["b"] }],
        }))
        .unwrap();
        assert_eq!(table.next.as_deref(), Some("more"));
        let holds: Vec<Holds> = table.columns.iter().map(|column| column.holds).collect();
        assert_eq!(holds, [Holds::Name, Holds::Number, Holds::Age, Holds::Text]);
        assert_eq!((table.column("ip"), table.columns[3].wide), (Some(3), true));
        assert_eq!(table.rows[0].cells, ["a", "3", "5m", ""]);
        assert_eq!(table.rows[1].cells, ["b", "", "", ""], "a row is never shorter than its head");
        assert_eq!(table.rows[0].object["metadata"]["name"], "a");
    }

    #[test]
    fn a_plain_list_is_a_table_without_columns_and_anything_else_is_none() {
        let list = json!({ "kind": "PodList", "metadata": {}, "items": [{ "metadata": { "name": "a" } }] });
        let table = Table::read(list).unwrap();
        assert!(table.columns.is_empty() && table.rows.len() == 1 && table.next.is_none());
        assert!(Table::read(json!({ "kind": "Status" })).unwrap_err().contains("Status"));
    }

    proptest! {
        // Sorting may panic over an order that goes in a circle: 2 before 10 by number, 10 before 1a before 2 by letter.
        #[test]
        fn there_is_one_order_of_all_cells(
            cells in prop::collection::vec(
                prop_oneof!["[0-9]{1,2}[a-z]?", "1?[0-9]\\.0\\.0\\.[0-9]", "[0-9](Gi|m|k|/3| x)", "[a-z]{0,2}", Just("<none>".to_owned())],
                3,
            ),
        ) {
            for holds in [Holds::Name, Holds::Number, Holds::Age, Holds::Text] {
                let order = |a: usize, b: usize| compare(holds, &cells[a], &cells[b]);
                prop_assert_eq!(order(0, 1), order(1, 0).reverse());
                if order(0, 1).is_le() && order(1, 2).is_le() {
                    prop_assert!(order(0, 2).is_le(), "{cells:?} {holds:?}");
                }
            }
        }
    }

    #[test]
    fn cells_are_ordered_by_what_they_mean_and_empty_ones_come_last() {
        let less = |holds, a, b| assert_eq!(compare(holds, a, b), Ordering::Less, "{a} before {b}");
        less(Holds::Number, "9", "10");
        less(Holds::Age, "59s", "2m");
        less(Holds::Age, "23h", "1d");
        less(Holds::Age, "364d", "1y2d");
        less(Holds::Text, "2/3", "10/10");
        less(Holds::Text, "Failed", "running");
        less(Holds::Text, "10.0.0.9", "10.0.1.1");
        less(Holds::Text, "10.0.2.0/24", "10.0.10.0/24");
        less(Holds::Text, "10.0.0.0/8", "10.0.0.0/16");
        less(Holds::Text, "10.0.0.9,10.0.0.1", "10.0.0.10:6443");
        less(Holds::Text, "192.168.0.1", "fd00::9");
        less(Holds::Text, "fd00::9", "fd00::10");
        less(Holds::Text, "512Mi", "10Gi");
        less(Holds::Text, "90s", "5m");
        less(Holds::Text, "10", "10.0.0.1");
        less(Holds::Text, "10.0.0.1", "leaf-1");
        less(Holds::Text, "z", "<none>");
        less(Holds::Name, "a", "b");
        assert!(is_nothing(" ") && is_nothing("<none>") && !is_nothing("0"));
    }
}
