//! What is counted, how often, and at which price.

use proptest::prelude::*;

use super::{Answer, Bill, Said, Spent, Usage, share_out};
use crate::domain::agent::Tokens;
use crate::domain::model::{Amounts, Kind, Models, Price, Rates, Row};

fn tokens(output: u64) -> Tokens {
    Tokens { output, ..Tokens::default() }
}

fn said<'a>(message: &'a str, request: &'a str, output: u64) -> Said<'a> {
    let amounts = Amounts { output, ..Amounts::default() };
    let spent = Spent { amounts, kind: Kind::default() };
    Said { message: Some(message), request: Some(request), model: "m", spent, ..Said::default() }
}

fn side<'a>(message: &'a str, request: &'a str, output: u64) -> Said<'a> {
    Said { sidechain: true, ..said(message, request, output) }
}

fn quoted<'a>(message: &'a str, request: &'a str, output: u64) -> Said<'a> {
    Said { quoted: true, ..side(message, request, output) }
}

fn usage(records: &[Said<'_>]) -> Usage {
    let mut usage = Usage::default();
    for record in records {
        usage.note(record);
    }
    usage
}

/// One dollar a token of `m`.
fn models() -> Models {
    let price = Price::new(Rates::new(1e6, 1e6));
    let row = Row { id: "m".to_owned(), window: None, price: Some(price), price_as: None };
    Models { user: vec![row], built_in: Vec::new() }
}

fn outputs(bills: &[Bill]) -> Vec<u64> {
    bills.iter().map(|bill| bill.tokens.output).collect()
}

#[test]
fn several_records_of_one_answer_count_once_and_the_last_wins() {
    let usage = usage(&[said("m1", "r1", 3), said("m1", "r1", 40), said("m2", "r2", 5)]);
    assert_eq!(usage.total(), tokens(45));
}

#[test]
fn one_message_of_two_requests_counts_twice_unless_a_side_chain_replays_it() {
    let twice = usage(&[said("m1", "r1", 10), said("m1", "r2", 10), said("m1", "r2", 10)]);
    assert_eq!(twice.total(), tokens(20));
    assert_eq!(outputs(&share_out(&[&twice, &twice], &models())), [20, 0]);
    let replayed = usage(&[said("m1", "r1", 10), side("m1", "r2", 9)]);
    assert_eq!(replayed.total(), tokens(10), "a replay is not better than what it replays");
    assert_eq!(usage(&[side("m1", "r2", 9), said("m1", "r1", 10)]).total(), tokens(10));
}

#[test]
fn a_side_chains_own_answers_count_and_the_last_record_wins() {
    assert_eq!(usage(&[side("m1", "r1", 1), side("m1", "r1", 8)]).total(), tokens(8));
}

#[test]
fn a_copied_history_is_counted_where_it_comes_first() {
    let first = usage(&[said("m1", "r1", 10)]);
    let fork = usage(&[said("m1", "r1", 10), said("m2", "r2", 7)]);
    assert_eq!(outputs(&share_out(&[&first, &fork], &models())), [10, 7]);
    assert_eq!(outputs(&share_out(&[&fork, &first], &models())), [17, 0]);
}

#[test]
fn a_side_chain_in_another_file_replays_its_parents_history_for_nothing() {
    let parent = usage(&[said("m1", "r1", 10), said("m2", "r2", 10)]);
    let compaction = usage(&[side("m1", "r9", 10), side("m2", "r2", 10), side("m3", "r3", 4)]);
    assert_eq!(outputs(&share_out(&[&parent, &compaction], &models())), [20, 4]);
}

#[test]
fn what_is_quoted_of_a_sub_agent_counts_once_in_its_own_file_if_it_has_one() {
    let parent = usage(&[said("m1", "r1", 10), quoted("s1", "q1", 3), quoted("s1", "q1", 5), quoted("s2", "q2", 1)]);
    let sub_agent = usage(&[side("s1", "q1", 5)]);
    assert_eq!(outputs(&share_out(&[&parent, &sub_agent], &models())), [11, 5]);
    assert_eq!(outputs(&share_out(&[&parent], &models())), [16]);
    let both = usage(&[side("s1", "q1", 5), quoted("s1", "q1", 3)]);
    assert_eq!(both.total(), tokens(5), "what is known at first hand is better");
}

#[test]
fn records_without_a_message_id_count_each() {
    let unnamed = Said { message: None, ..said("", "", 4) };
    assert_eq!(usage(&[unnamed, unnamed]).total(), tokens(8));
    assert_eq!(outputs(&share_out(&[&usage(&[unnamed]), &usage(&[unnamed])], &models())), [4, 4]);
}

#[test]
fn a_bill_is_known_in_part_when_a_model_has_no_price() {
    let other = Said { model: "x", ..said("m2", "r2", 5) };
    let bill = usage(&[said("m1", "r1", 3), other, Said { model: "", ..said("m3", "r3", 1) }]).bill(&models());
    assert!((bill.cost.known_usd - 3.0).abs() < 1e-9);
    assert_eq!(
        (bill.cost.unpriced.as_slice(), bill.cost.usd()),
        (["a model without a name".into(), "x".into()].as_slice(), None)
    );
    assert_eq!(bill.tokens, tokens(9));
}

#[test]
fn an_answer_that_used_nothing_leaves_no_model_unpriced() {
    assert_eq!(usage(&[Said { model: "x", ..said("m1", "r1", 0) }]).bill(&models()).cost.usd(), Some(0.0));
}

#[test]
fn a_fast_answer_without_a_price_of_its_own_is_unpriced() {
    let mut fast = said("m1", "r1", 3);
    fast.spent.kind.fast = true;
    assert_eq!(usage(&[fast]).bill(&models()).cost.unpriced, ["m (fast)"]);
}

#[test]
fn the_cost_that_an_old_record_states_counts_where_there_is_no_price() {
    let billed = Said { billed: Some(0.012_345_67), ..said("m1", "r1", 3) };
    assert!((usage(&[billed]).bill(&models()).cost.known_usd - 3.0).abs() < 1e-9);
    let bill = usage(&[billed, billed]).bill(&Models::default());
    assert!((bill.cost.known_usd - 0.012_345_67).abs() < 1e-12 && bill.cost.usd().is_some(), "{bill:?}");
    let mixed = usage(&[billed, said("m2", "r2", 1)]).bill(&Models::default());
    assert_eq!(mixed.cost.unpriced, ["m"]);
}

#[test]
fn each_request_is_long_or_not_by_itself() {
    let mut models = models();
    let price = Price { long: Some((200_000, Rates::new(2e6, 2e6))), ..Price::new(Rates::new(1e6, 1e6)) };
    models.user[0].price = Some(price);
    let mut large = said("m1", "r1", 1);
    large.spent.amounts.input = 200_001;
    let mut small = said("m2", "r2", 1);
    small.spent.amounts.input = 200_000;
    let cost = usage(&[large, small]).bill(&models).cost.known_usd;
    assert!((cost - (400_004.0 + 200_001.0)).abs() < 1e-3, "{cost}");
}

#[test]
fn an_answer_takes_forty_bytes_and_any_number_of_models_few() {
    assert!(std::mem::size_of::<(u64, Answer)>() <= 40);
    let mut usage = Usage::default();
    let names: Vec<String> = (0..1_000).map(|n| format!("model-{n}")).collect();
    for name in &names {
        usage.note(&Said { model: name, ..said(name, name, 1) });
    }
    assert!(usage.models.len() <= super::MOST_MODELS + 1);
    assert_eq!(usage.total(), tokens(1_000));
    assert!(usage.bill(&Models::default()).cost.unpriced.iter().any(|name| name == "others"));
}

proptest! {
    #[test]
    fn copies_of_files_are_free_and_nothing_is_paid_for_twice(
        files in prop::collection::vec(
            prop::collection::vec((0..4_usize, 0..3_usize, any::<bool>(), any::<bool>(), 1..9_u64), 0..12),
            1..4,
        ),
    ) {
        let names = ["a", "b", "c", "d"];
        let files: Vec<Usage> = files
            .iter()
            .map(|records| {
                let records = records.iter().map(|(message, request, sidechain, quoted, output)| Said {
                    sidechain: *sidechain,
                    quoted: *quoted,
                    ..said(names[*message], names[*request], *output)
                });
                usage(&records.collect::<Vec<_>>())
            })
            .collect();
        let twice: Vec<&Usage> = files.iter().chain(&files).collect();
        let found = outputs(&share_out(&twice, &models()));
        let (first, copies) = found.split_at(files.len());
        prop_assert!(copies.iter().all(|output| *output == 0), "{found:?}");
        for (output, file) in first.iter().zip(&files) {
            prop_assert!(*output <= file.total().output);
        }
    }
}
