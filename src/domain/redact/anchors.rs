//! Where in a text a rule is worth asking: every rule has a short string that its secrets cannot do without.
//!
//! All of these strings are looked for at once, by the three bytes each starts with, so that a line without any of
//! them costs a look into a small table per byte.

use super::tokens::{TOKENS, Token};

/// What to do where an anchor was found.
#[derive(Debug, Clone, Copy)]
pub(super) enum Rule {
    /// A credential that is known by its prefix, which starts here.
    Token(&'static Token),
    /// A part of a name, such as `token` in `ACCESS_TOKEN`: what is assigned to the name may be a secret.
    Name,
    /// A JSON object in base64 starts here.
    Jwt,
    /// A PEM block's first line (`-----BEGIN`).
    PemBegin,
    /// A PEM block's last line (`-----END`).
    PemEnd,
    /// The letters a private key's base64 starts with.
    KeyBody,
    /// `://`: user and password may follow.
    Url,
    /// `@tcp(`: user and password stand before it.
    Dsn,
    /// `bearer` or `basic`: a credential may follow.
    Scheme,
    /// A `crypt(3)` hash starts here.
    Crypt,
    /// A command (`sshpass`, `curl`, …) that takes passwords as arguments.
    Command(Command),
    /// A Kubernetes object of kind `Secret` may be around.
    KubeSecret,
    /// `:AA`: a Telegram bot token has its number before and the rest behind.
    Telegram,
    /// A number in base64 starts here, as in Discord's bot tokens.
    Discord,
}

/// A command and the option it takes a password with.
#[derive(Debug, Clone, Copy)]
pub(super) struct Command {
    /// Its place among the commands.
    pub number: usize,
    /// The options that are followed by it, alone or with the value attached where they are of one letter.
    pub options: &'static [&'static str],
    /// Whether it may stand apart from the option, not only attached to it.
    pub apart: bool,
    /// Whether the argument is `user:password`.
    pub pair: bool,
}

/// How many commands there are.
pub(super) const COMMANDS: usize = 7;

/// Anchors that are no prefixes, in lower case: they match in either case.
static WORDS: &[(&str, Rule)] = &[
    ("passw", Rule::Name),
    ("passp", Rule::Name),
    ("_pass", Rule::Name),
    ("pwd", Rule::Name),
    ("secret", Rule::Name),
    ("token", Rule::Name),
    ("apikey", Rule::Name),
    ("api_key", Rule::Name),
    ("api-key", Rule::Name),
    ("_key", Rule::Name),
    ("-key", Rule::Name),
    ("accesskey", Rule::Name),
    ("accountkey", Rule::Name),
    ("privatekey", Rule::Name),
    ("authkey", Rule::Name),
    ("signingkey", Rule::Name),
    ("encryptionkey", Rule::Name),
    ("licensekey", Rule::Name),
    ("appkey", Rule::Name),
    ("\"auth\\", Rule::Name),
    ("\"auth\"", Rule::Name),
    ("_auth", Rule::Name),
    ("authorization", Rule::Name),
    ("credential", Rule::Name),
    ("cookie", Rule::Name),
    ("client-certificate-data", Rule::Name),
    ("sig=", Rule::Name),
    ("signature=", Rule::Name),
    ("eyj", Rule::Jwt),
    ("-----begin", Rule::PemBegin),
    ("-----end", Rule::PemEnd),
    ("miie", Rule::KeyBody),
    ("miij", Rule::KeyBody),
    ("miic", Rule::KeyBody),
    ("mhcca", Rule::KeyBody),
    ("mighag", Rule::KeyBody),
    ("mc4caq", Rule::KeyBody),
    ("b3blbnnzac1rzx", Rule::KeyBody),
    ("ls0tls1crudjti", Rule::KeyBody),
    ("://", Rule::Url),
    ("@tcp(", Rule::Dsn),
    ("bearer", Rule::Scheme),
    ("basic", Rule::Scheme),
    ("$1$", Rule::Crypt),
    ("$5$", Rule::Crypt),
    ("$6$", Rule::Crypt),
    ("$y$", Rule::Crypt),
    ("$2a$", Rule::Crypt),
    ("$2b$", Rule::Crypt),
    ("$2y$", Rule::Crypt),
    ("$apr1$", Rule::Crypt),
    ("$argon2", Rule::Crypt),
    ("$scrypt$", Rule::Crypt),
    ("{ssha", Rule::Crypt),
    ("sshpass", Rule::Command(Command { number: 0, options: &["-p"], apart: true, pair: false })),
    ("docker login", Rule::Command(Command { number: 1, options: &["-p"], apart: true, pair: false })),
    ("mysql", Rule::Command(Command { number: 2, options: &["-p"], apart: false, pair: false })),
    ("mariadb", Rule::Command(Command { number: 3, options: &["-p"], apart: false, pair: false })),
    ("redis-cli", Rule::Command(Command { number: 4, options: &["-a"], apart: true, pair: false })),
    ("curl", Rule::Command(Command { number: 5, options: &["-u", "--user", "--proxy-user"], apart: true, pair: true })),
    ("wget", Rule::Command(Command { number: 6, options: &["--http-password"], apart: true, pair: false })),
    ("secret\"", Rule::KubeSecret),
    ("secret\\\"", Rule::KubeSecret),
    ("kind: secret", Rule::KubeSecret),
    (":aa", Rule::Telegram),
];

/// How many lists the index has. A power of two, and so many that few bytes of ordinary text lead to a list.
const LISTS: usize = 8192;

/// For each list the first anchor in it, and for each anchor the next one in its list; 0 is none.
struct Index {
    first: [u16; LISTS],
    next: [u16; MOST],
}

/// More than there are anchors.
const MOST: usize = 512;

/// What three decimal digits start with in base64.
static DIGITS: [[u8; 3]; 100] = digits();

const fn digits() -> [[u8; 3]; 100] {
    let firsts = b"MDMTMjMzNDNTNjNzODOT";
    let thirds = b"AEIMQUYcgk";
    let mut all = [[0; 3]; 100];
    let mut number = 0;
    while number < 100 {
        let first = number / 10 * 2;
        all[number] = [firsts[first], firsts[first + 1], thirds[number % 10]];
        number += 1;
    }
    all
}

static INDEX: Index = index();

const fn list(a: u8, b: u8, c: u8) -> usize {
    let a = a.to_ascii_lowercase() as u32;
    let b = b.to_ascii_lowercase() as u32;
    let c = c.to_ascii_lowercase() as u32;
    ((a << 16 | b << 8 | c).wrapping_mul(0x9E37_79B1) >> 19) as usize
}

const ALL: usize = TOKENS.len() + WORDS.len() + DIGITS.len();

const fn anchor(number: usize) -> (&'static [u8], Rule) {
    if number < TOKENS.len() {
        (TOKENS[number].prefix.as_bytes(), Rule::Token(&TOKENS[number]))
    } else if number < TOKENS.len() + WORDS.len() {
        let (word, rule) = &WORDS[number - TOKENS.len()];
        (word.as_bytes(), *rule)
    } else {
        (&DIGITS[number - TOKENS.len() - WORDS.len()], Rule::Discord)
    }
}

const fn index() -> Index {
    let mut index = Index { first: [0; LISTS], next: [0; MOST] };
    // From the last to the first, because each is put before those that are in its list already.
    let mut number = ALL;
    while number > 0 {
        let text = anchor(number - 1).0;
        let list = list(text[0], text[1], text[2]);
        index.next[number] = index.first[list];
        index.first[list] = number as u16;
        number -= 1;
    }
    index
}

/// Calls `visit` with every place where an anchor stands its length and its rule, in order.
///
/// `visit` answers where to go on: nothing before that is looked at.
pub(super) fn each(text: &[u8], mut visit: impl FnMut(usize, usize, Rule) -> usize) {
    let mut at = 0;
    let mut resume = 0;
    while at + 2 < text.len() {
        let mut number = usize::from(INDEX.first[list(text[at], text[at + 1], text[at + 2])]);
        while number > 0 {
            let (word, rule) = anchor(number - 1);
            let Some(part) = text.get(at..at + word.len()) else {
                number = usize::from(INDEX.next[number]);
                continue;
            };
            let same = match rule {
                Rule::Token(_) | Rule::Discord => part == word,
                _ => part.eq_ignore_ascii_case(word),
            };
            if same {
                resume = resume.max(visit(at, word.len(), rule));
                if resume > at {
                    break;
                }
            }
            number = usize::from(INDEX.next[number]);
        }
        at = resume.max(at + 1);
    }
}
