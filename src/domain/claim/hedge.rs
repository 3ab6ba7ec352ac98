//! What takes a claim back: a denial, a condition, a plan, a doubt, somebody else who says it.

use std::borrow::Cow;
use std::ops::Range;
use std::sync::LazyLock;

use regex::Regex;

use super::pattern::Weight;

/// Words of denial that are none.
const GOOD_NEWS: &str = r"\b(?:(?:0|zero|no|nothing|none|without|without any|with no|never) (?:tests? |other |new )?(?:failed|failures?|errors?|failing|problems?|issues?|warnings?|skipped|skips?|regressions?|flakes?|clippy warnings?)|not only|no longer (?:fails?|crash(?:es)?|breaks?|hangs?)|nothing (?:else|skipped|left|remains|more)|no (?:work|tasks?|items?|todos?) (?:left|remain(?:s|ing)?))\b";

/// Denials, in the clause before the end of what is claimed.
const DENIED: &str = r"\b(?:not|never|no|no longer|cannot|without|hardly|barely|nothing|none|neither|nor|almost|nearly|partially|partly|mostly|half|incomplete|unfinished|fails?|failed|failing|broken|instead of|less than|only|isnt|arent)\b|n't\b|❌|🔄|⏸";

/// What makes a condition, a plan, a doubt or a report of what follows it, anywhere before it in the sentence.
const BEFORE: &str = r"\b(?:if|once|until|till|unless|when|whenever|as soon as|before|should|would|could|might|may|will|going to|gonna|needs? to|need|must|have to|has to|wants?|wanted|let me|let us|let's|make sure|making sure|ensure|ensuring|verify|verifying|check (?:that|whether|if)|confirm (?:that|whether)|whether|so that|in order to|plan|plans|planned|planning|to get|to have|to be|to make|next|todo|to do|expect|expects|expected|hope|hopefully|assume|assuming|assumed|think|believe|probably|perhaps|maybe|possibly|likely|seems?|appears?|apparently|supposed|supposedly|claims?|claimed|says|said|saying|reports|reported|reporting|according to|told|asked|asks|requested|consider|considered|mark|marking|wait|waits|waiting|goal|criteria:|criterion:|requires|done when|looks? like|as if|used to|how|why|what|where|which|cannot say|don't know|unclear|unsure|nobody|you|they|he|she)\b|'ll\b|'d\b";

/// What takes a predicate back behind it.
const AFTER: &str = r"\b(?:but|except|however|although|though|apart from|other than|not|yet|if|unless|once|until|till|provided|assuming|as long as|as soon as|pending|awaiting|waiting|locally only|in theory|remains?|remaining|by hand only|when (?:you|we|i|the operator))\b|n't\b|❌";

/// What takes a participle at the beginning back: less, for what follows is what it was done to.
const AFTER_LEAD: &str =
    r"\b(?:but|however|not yet|partially|partly|except|half of|some of|most of|next|should|will)\b|'ll\b";

/// What makes a wish of what it stands in.
const MODAL: &str = r"\b(?:should|would|could|might|may|must|will|need|needs|can)\b";

/// Where a clause begins.
const CLAUSE: &str = r"[,;:(]| — | – | - | but | and | while | so ";

struct Words {
    good_news: Option<Regex>,
    denied: Option<Regex>,
    before: Option<Regex>,
    after: Option<Regex>,
    after_lead: Option<Regex>,
    clause: Option<Regex>,
    modal: Option<Regex>,
}

fn words() -> &'static Words {
    static WORDS: LazyLock<Words> = LazyLock::new(|| Words {
        good_news: Regex::new(GOOD_NEWS).ok(),
        denied: Regex::new(DENIED).ok(),
        before: Regex::new(BEFORE).ok(),
        after: Regex::new(AFTER).ok(),
        after_lead: Regex::new(AFTER_LEAD).ok(),
        clause: Regex::new(CLAUSE).ok(),
        modal: Regex::new(MODAL).ok(),
    });
    &WORDS
}

fn holds(words: Option<&Regex>, text: &str) -> bool {
    words.is_some_and(|words| words.is_match(text))
}

/// Without denials that are good news: `0 failed`, `without errors`.
pub fn without_good_news(plain: &str) -> Cow<'_, str> {
    words().good_news.as_ref().map_or(Cow::Borrowed(plain), |words| words.replace_all(plain, "fine"))
}

/// True if what stands at `at` in a sentence is not simply claimed.
pub fn is_hedged(text: &str, at: Range<usize>, weight: Weight) -> bool {
    let words = words();
    let (before, after) = (&text[..at.start], &text[at.end..]);
    let clause =
        words.clause.as_ref().and_then(|clause| clause.find_iter(before).last()).map_or(0, |found| found.end());
    let after_words = match weight {
        Weight::Predicate => words.after.as_ref(),
        Weight::Lead => words.after_lead.as_ref(),
    };
    holds(words.modal.as_ref(), &text[at.clone()])
        || holds(words.denied.as_ref(), &text[clause..at.end])
        || holds(words.before.as_ref(), before)
        || holds(after_words, after)
}

#[cfg(test)]
mod tests {
    #[test]
    fn every_list_of_words_compiles() {
        let words = super::words();
        let all = [
            &words.good_news,
            &words.denied,
            &words.before,
            &words.after,
            &words.after_lead,
            &words.clause,
            &words.modal,
        ];
        assert!(all.iter().all(|one| one.is_some()));
    }
}
