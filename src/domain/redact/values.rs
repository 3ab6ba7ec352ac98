//! Whether what a name is given is a secret or only stands for one.
//!
//! Not secrets: what a shell, a template or a program puts in later (`$X`, `${X}`, `{{ x }}`, `<x>`, `os.environ[…]`),
//! what is masked already (`***`), types (`password: string`), labels (`"password": "Password"`), and the words people
//! write in documentation (`changeme`, `your-api-key-here`, anything with `EXAMPLE` in capitals, as in AWS's own). A
//! default password that everybody knows protects nothing, so showing it costs nothing.

use super::effort::spend;
use super::shapes::floor;

/// How much a name says about its value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Class {
    /// Whatever stands there is secret: a header such as `Authorization`.
    Header,
    /// People choose it: short, with words in it.
    Password,
    /// Machines make it: long, and letters mixed with digits.
    Token,
}

/// How a value was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    /// In quotes.
    Quoted,
    /// `NAME=value` as in a shell or an `.env` file, or behind an option (`--password value`).
    Tight,
    /// `name: value` up to the end of the line, as in YAML, or `name = value` as in an INI file.
    Plain,
    /// As [`Form::Plain`], but the line goes on as code does.
    Code,
}

/// Words that documentation, types and labels consist of.
const WORDS: &[&str] = &[
    "a",
    "access",
    "account",
    "admin",
    "and",
    "any",
    "api",
    "apikey",
    "auth",
    "authorization",
    "base64",
    "basic",
    "be",
    "bearer",
    "bool",
    "boolean",
    "bytes",
    "cannot",
    "change",
    "changed",
    "changeit",
    "changeme",
    "char",
    "client",
    "confirm",
    "confirmation",
    "credentials",
    "current",
    "data",
    "default",
    "demo",
    "dummy",
    "empty",
    "enter",
    "env",
    "error",
    "example",
    "expired",
    "failed",
    "fake",
    "false",
    "field",
    "file",
    "fill",
    "foo",
    "forgot",
    "from",
    "github",
    "goes",
    "header",
    "here",
    "hidden",
    "id",
    "in",
    "incorrect",
    "input",
    "insert",
    "int",
    "integer",
    "invalid",
    "is",
    "it",
    "key",
    "keyword",
    "me",
    "mismatch",
    "missing",
    "mock",
    "must",
    "my",
    "name",
    "new",
    "nil",
    "none",
    "not",
    "null",
    "number",
    "object",
    "of",
    "old",
    "one",
    "optional",
    "or",
    "pass",
    "passphrase",
    "passwd",
    "password",
    "placeholder",
    "private",
    "prompt",
    "pw",
    "pwd",
    "readonly",
    "redacted",
    "refresh",
    "removed",
    "replace",
    "required",
    "reset",
    "sample",
    "secret",
    "secretkeyref",
    "self",
    "session",
    "set",
    "some",
    "str",
    "string",
    "strong",
    "test",
    "text",
    "that",
    "the",
    "this",
    "to",
    "todo",
    "token",
    "true",
    "type",
    "undefined",
    "unknown",
    "unset",
    "update",
    "updated",
    "use",
    "user",
    "username",
    "valid",
    "value",
    "weak",
    "with",
    "wrong",
    "x",
    "xx",
    "xxx",
    "you",
    "your",
    "yours",
];

/// Whether `value`, given to the name `name`, is a secret.
pub(super) fn is_secret(class: Class, name: &str, value: &str, form: Form) -> bool {
    let value = &value.trim()[..floor(value.trim(), 512)];
    spend(value.len());
    if value.len() < 4 || stands_for_another(value) || is_placeholder(name, value) {
        return false;
    }
    match class {
        Class::Header => value.len() >= 6 && (form == Form::Quoted || form == Form::Tight || has_digit(value)),
        Class::Password => is_password(name, value, form),
        Class::Token => is_key(name, value, form),
    }
}

fn is_password(name: &str, value: &str, form: Form) -> bool {
    let shouting = is_shouting(name);
    let letters = value.bytes().filter(u8::is_ascii_alphabetic).count();
    if value.contains(' ') {
        // A sentence about passwords, unless the name asks for a sentence.
        let plain = value.bytes().all(|byte| byte.is_ascii_alphabetic() || b" .,!?:'".contains(&byte));
        return form == Form::Quoted && (!plain || name.to_ascii_lowercase().ends_with("passphrase"));
    }
    if letters == value.len() {
        let small = value.bytes().all(|byte| byte.is_ascii_lowercase());
        return match form {
            Form::Quoted => shouting || (small && value.len() >= 8) || alternates(value),
            Form::Tight | Form::Plain => shouting || (small && value.len() >= 12) || alternates(value),
            Form::Code => false,
        };
    }
    if is_words(value) {
        return (shouting && form != Form::Code) || (form == Form::Quoted && has_digit(value));
    }
    match form {
        Form::Quoted | Form::Tight => true,
        Form::Plain => !is_expression(value) && (has_digit(value) || !is_identifier(value)),
        Form::Code => !is_expression(value) && is_random(value, 10),
    }
}

fn is_key(name: &str, value: &str, form: Form) -> bool {
    if value.contains(' ') {
        return false;
    }
    match form {
        Form::Quoted => {
            is_random(value, 6) || alternates(value) || (value.len() >= 16 && value.bytes().all(|b| b.is_ascii_digit()))
        }
        Form::Tight => {
            is_random(value, 6) && !is_call(value) || alternates(value) || (is_shouting(name) && is_long_word(value))
        }
        Form::Plain => !is_expression(value) && (is_random(value, 8) || alternates(value)),
        Form::Code => !is_expression(value) && is_random(value, 14),
    }
}

/// Whether some part of `value` of at least `least` letters and digits mixes them as words and numbers do not.
pub(super) fn is_random(value: &str, least: usize) -> bool {
    value.split(|c: char| !c.is_ascii_alphanumeric()).any(|part| {
        let bytes = part.as_bytes();
        if bytes.len() < least {
            return false;
        }
        // A word with a number behind it (`password2`, `sha256`, `v1`) changes once.
        let changes = bytes.windows(2).filter(|pair| pair[0].is_ascii_digit() != pair[1].is_ascii_digit()).count();
        changes >= 2 || (changes == 1 && (bytes[0].is_ascii_digit() || bytes.len() >= 16 || cases(bytes) >= 3))
    })
}

/// Whether at least 16 letters change between the cases more often than words put together do.
pub(super) fn alternates(value: &str) -> bool {
    let bytes = &value.as_bytes()[..value.len().min(256)];
    bytes.len() >= 16 && cases(bytes) * 5 >= bytes.len() * 2
}

fn cases(bytes: &[u8]) -> usize {
    bytes.windows(2).filter(|pair| pair[0].is_ascii_uppercase() != pair[1].is_ascii_uppercase()).count()
}

fn is_long_word(value: &str) -> bool {
    value.len() >= 12 && value.bytes().all(|byte| byte.is_ascii_alphabetic())
}

fn has_digit(value: &str) -> bool {
    value.bytes().any(|byte| byte.is_ascii_digit())
}

/// Whether `name` is written as environment variables are.
pub(super) fn is_shouting(name: &str) -> bool {
    name.bytes().any(|byte| byte.is_ascii_uppercase()) && !name.bytes().any(|byte| byte.is_ascii_lowercase())
}

fn is_identifier(text: &str) -> bool {
    !text.starts_with(|c: char| c.is_ascii_digit())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

/// Names put together with dashes, dots and slashes: `registry-creds-01`, `tls/server`, `web.token`.
fn is_words(value: &str) -> bool {
    value.split(['-', '_', '.', '/', ':']).all(|part| {
        part.bytes().all(|byte| byte.is_ascii_lowercase())
            || part.len() <= 2 && part.bytes().all(|byte| byte.is_ascii_digit())
    })
}

fn is_call(value: &str) -> bool {
    value.contains("::") || value.contains('(') || value.contains('[')
}

fn is_expression(value: &str) -> bool {
    is_call(value) || value.contains("->") || (value.contains('.') && value.split('.').all(is_identifier))
}

/// Whether `value` is put in by something else later: variables, templates, references to a store, files.
fn stands_for_another(value: &str) -> bool {
    let whole = |open: char, close: char| value.starts_with(open) && value.ends_with(close);
    let variable = value.strip_prefix('$').is_some_and(|rest| {
        rest.starts_with(['{', '('])
            || is_identifier(rest.trim_matches('$')) && rest.bytes().any(|b| b.is_ascii_alphabetic())
    });
    let names = ["env:", "env.", "process.env", "os.environ", "secrets.", "vault:", "op://", "ref+", "file:", "ENC["];
    let path = ["/", "~/", "./", "../"].iter().any(|start| value.starts_with(start)) && !is_random(value, 8);
    variable
        || path
        || whole('<', '>')
        || whole('{', '}')
        || whole('%', '%')
        || whole('[', ']')
        || whole('(', ')')
        || names.iter().any(|start| value.starts_with(start))
        || ["${", "{{", "$(", "***", "%s", "%v", "%d", "{}", "...", "…", "•••"].iter().any(|part| value.contains(part))
}

/// Whether `value` consists of the words that stand for a secret in documentation, or repeats its own name.
pub(super) fn is_placeholder(name: &str, value: &str) -> bool {
    if value.contains("EXAMPLE") || value.bytes().all(|byte| Some(&byte) == value.as_bytes().first()) {
        return true;
    }
    if value.len() > 64 {
        return false;
    }
    let value = value.to_ascii_lowercase();
    value == name.to_ascii_lowercase()
        || value.split(|c: char| !c.is_ascii_alphanumeric()).all(|part| {
            let part = part.trim_end_matches(|c: char| c.is_ascii_digit());
            part.is_empty() && value.bytes().any(|byte| byte.is_ascii_alphabetic())
                || WORDS.binary_search(&part).is_ok()
                || part.len() > 2 && part.bytes().all(|byte| byte == b'x')
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_words_are_in_order_because_they_are_searched_by_halves() {
        assert!(WORDS.is_sorted());
    }

    #[test]
    fn what_stands_for_a_secret_is_none() {
        let stands = [
            "$TOKEN",
            "${TOKEN}",
            "$(cat token)",
            "{{ .Values.token }}",
            "<your-token>",
            "********",
            "changeme",
            "your-api-key-here",
            "xxxxxxxx",
            "%TOKEN%",
            "process.env.TOKEN",
            "AKIAIOSFODNN7EXAMPLE",
            "string",
        ];
        for value in stands {
            for class in [Class::Header, Class::Password, Class::Token] {
                for form in [Form::Quoted, Form::Tight, Form::Plain, Form::Code] {
                    assert!(!is_secret(class, "token", value, form), "{value} {class:?} {form:?}");
                }
            }
        }
    }

    #[test]
    fn a_password_may_start_like_a_variable() {
        assert!(is_secret(Class::Password, "password", "$h0rt!way", Form::Quoted));
    }

    #[test]
    fn names_with_numbers_are_not_random() {
        for name in ["registry-creds-01", "sha256", "password2", "ed25519", "web-token-v2", "AuthenticationProvider"] {
            assert!(!is_random(name, 8) && !alternates(name), "{name}");
        }
    }
}
